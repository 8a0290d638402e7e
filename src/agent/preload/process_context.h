// ProcessContext: below which span a process works where it serves no request.
//
// The environment may name one (TRACEPARENT: OpenTelemetry specification, "Environment Variables as
// Context Propagation Carriers"). Below it, or as the root of a trace, the program has a span of
// its own, the command's, which the agent process makes when the program has ended
// (process/commands.h).
//
// A command is a program that does something and ends. It has a span once something is below it: a
// call, a span of the API, a program that it starts; one that was started with a context has it
// from its begin. A server is none: what it does outside of requests is nobody's, and where it
// becomes one (it listens, or accepts) the span of its start ends. So that a worker which never
// ends does not make one endless trace, the span takes no more below it after kUsesMax, or
// kNanosMax.
//
// A program that becomes another one (exec) goes on with the span: the environment tells the next
// one of it, in KOLBEN_AGENT_COMMAND. Any thread, also in a vfork() child.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/protocols/sampler.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

// KOLBEN_AGENT_COMMAND_SPANS.
enum class CommandSpans : std::uint8_t {
  kAuto,
  kAlways,  // servers, and programs that do nothing, have one too
  kNever,
};
CommandSpans parse_command_spans(const char* value);

class ProcessContext {
 public:
  static constexpr std::uint32_t kUsesMax = 10'000;
  static constexpr std::uint64_t kNanosMax = 3'600'000'000'000;  // an hour

  struct Program {
    std::uint32_t pid;
    std::uint32_t ring;  // tells rings apart
    const char* executable;
    std::uint32_t executable_size;
    const char* script;  // of an interpreter
    std::uint32_t script_size;
    // Variables; null: not there, or not to be looked at.
    const char* command_spans;
    const char* traceparent;
    const char* continued;  // what mark() wrote
  };

  void init(const System& system, RingHeader* ring, const Sampler& sampler, ThreadState& thread,
            const Program& program);
  // In a fork's child, which is the same program.
  void forked(std::uint32_t pid) { pid_ = pid; }
  // What a child may tell is of the same trace.
  void before_fork() const {
    if (has_own_span() && !is_server()) self();
  }

  // For something that begins below it; null: it is a trace of its own.
  const Context* use(ThreadState& thread);
  // The command's own, without beginning anything below it; null where the program has none.
  const Context* span() const { return has_own_span() ? &self() : nullptr; }
  // For what only refers to it; null where there is none, or nothing is below it yet.
  const Context* known() const;

  // The command's span where it may still come to be: for what is said before. With kMayCome.
  Context possible() const;

  bool is_server() const { return is_server_.load(std::memory_order_relaxed); }
  void becomes_server(ThreadState& thread);

  // The program that is to be started in this process's place (pid) goes on with the span. Writes
  // the variable's value, kMarkBytes with the end zero; false: it does not.
  static constexpr std::size_t kMarkBytes = 65;
  bool mark(std::uint32_t pid, char (&text)[kMarkBytes]) const;

 private:
  // Whether the trace of a root is recorded. Where limits count, it is open until something is
  // told.
  enum class Choice : std::uint8_t { kMade, kOpen, kSampled };
  // Chooses where that is open.
  const Context& self() const;
  bool has_own_span() const { return spans_ != CommandSpans::kNever; }
  void inherit(ThreadState& thread, const char* traceparent);
  bool take_over(const Program& program);
  void announce(ThreadState& thread);
  void tell(ThreadState& thread, std::uint64_t end_time, bool is_only_if_known = false);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const Sampler* sampler_ = nullptr;
  CommandSpans spans_ = CommandSpans::kNever;
  bool has_context_ = false;
  // Of the command's span; without one, what the environment names.
  Context self_;
  Context sampled_;  // the same, where a root whose choice was open is chosen
  mutable std::atomic<Choice> choice_{Choice::kMade};
  std::uint8_t parent_span_id_[8] = {};
  std::uint64_t start_time_ = 0;
  std::uint32_t program_pid_ = 0;  // not that of a fork's child
  std::uint32_t pid_ = 0;
  std::uint32_t ring_number_ = 0;
  const char* executable_ = nullptr;
  std::uint32_t executable_size_ = 0;
  const char* script_ = nullptr;
  std::uint32_t script_size_ = 0;
  std::atomic<bool> is_announced_{false};
  std::atomic<bool> is_server_{false};
  std::atomic<std::uint32_t> uses_{0};
};

}  // namespace kolben::agent
