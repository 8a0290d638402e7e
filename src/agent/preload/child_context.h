// What the environment of a program that is started says of the trace: the context of the thread
// that starts it. Plain data on the stack of the caller, who may be a vfork() child.
#pragma once

#include <cstddef>

#include "agent/preload/carried_header.h"
#include "agent/preload/connections.h"
#include "agent/preload/exec_environment.h"
#include "agent/preload/process_context.h"
#include "agent/protocols/traceparent.h"

namespace kolben::agent {

inline constexpr std::size_t kBaggageBytesMax = 1024;

struct ChildContext {
  Replacements variables;  // with texts below
  char traceparent[sizeof(kTraceparentName) + kTraceparentSize];
  char command[sizeof(kCommandName) - 1 + ProcessContext::kMarkBytes];
  char tracestate[sizeof(kTracestateName) + kTracestateBytesMax];
  char baggage[sizeof(kBaggageName) + kBaggageBytesMax];

  ChildContext() = default;
  ChildContext(const ChildContext&) = delete;
  ChildContext& operator=(const ChildContext&) = delete;

  void set_traceparent(const Context& context);
  // What goes on of a header; without any the program's own is taken out.
  template <std::size_t Capacity>
  void set_carried(const CarriedHeader& header, char (&text)[Capacity],
                   const Connections& connections, const ThreadState& thread,
                   char* const* environment);
};

}  // namespace kolben::agent
