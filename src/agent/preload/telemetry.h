// Telemetry: what stands behind the application's table (kolben/abi.h): spans, attributes,
// instruments, logs.
//
// Any thread, ThreadGuard held. A span's state is in a bounded pool until it ends. Attributes and
// events that find no room are dropped and counted in the ring.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/connections.h"
#include "agent/preload/open_span.h"
#include "agent/preload/pool.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "kolben/abi.h"

namespace kolben::agent {

inline constexpr std::uint32_t kInstrumentsMax = 1024;
inline constexpr std::uint32_t kBodyBytesMax = 16 * 1024;

// Never removed; its number is the application's handle.
struct Instrument {
  std::uint8_t kind;
  std::uint32_t name_size;
  std::uint32_t unit_size;
  std::uint32_t description_size;
  char name[kNameBytesMax];
  char unit[64];
  char description[kNameBytesMax];
};

class Telemetry {
 public:
  void init(const System& system, RingHeader* ring, const Sampler& sampler,
            Connections& connections) {
    system_ = &system;
    ring_ = ring;
    sampler_ = &sampler;
    connections_ = &connections;
  }
  // What is below neither a span nor a request is below this.
  void set_process(ProcessContext* process) { process_ = process; }
  void forked(std::uint32_t generation, std::uint32_t pid) {
    generation_ = generation;
    pid_ = pid;
    instruments_busy_.store(false, std::memory_order_relaxed);
  }

  kolben_span begin(ThreadState& thread, kolben_text name, int kind);
  void attribute(kolben_span handle, const kolben_attribute& attribute);
  void event(kolben_span handle, kolben_text name, const kolben_attribute* attributes,
             std::size_t count);
  // Nothing is linked to what is no traceparent.
  void link(kolben_span handle, kolben_text traceparent, const kolben_attribute* attributes,
            std::size_t count);
  void status(kolben_span handle, int code, kolben_text description);
  void end(ThreadState& thread, kolben_span handle);
  kolben_instrument instrument(int kind, kolben_text name, kolben_text unit,
                               kolben_text description);
  void measure(ThreadState& thread, kolben_instrument instrument, double value,
               const kolben_attribute* attributes, std::size_t count);
  void log(ThreadState& thread, int severity, kolben_text body, const kolben_attribute* attributes,
           std::size_t count);
  // The same from packed bytes, and spans that no thread has as its current one
  // (telemetry_packed.cc).
  kolben_span start(ThreadState& thread, const char* parent, char* traceparent);
  void finish(ThreadState& thread, kolben_span handle, const void* packed, std::size_t size);
  void log_packed(ThreadState& thread, const void* packed, std::size_t size);
  void measure_packed(ThreadState& thread, kolben_instrument instrument, double value,
                      const void* attributes, std::size_t size);
  std::size_t traceparent(ThreadState& thread, char* buffer, std::size_t size);
  // telemetry_baggage.cc: in the thread's current span and what begins within it from then on, else
  // for the request that it serves. False: it has neither, or there is no room, or it is no key.
  bool set_baggage(ThreadState& thread, kolben_text key, kolben_text value);
  // Of what the thread works in; the value's size, of which as much is written as there is room
  // for.
  std::size_t baggage(const ThreadState& thread, kolben_text key, char* buffer,
                      std::size_t size) const;
  void work_for(ThreadState& thread, std::uint64_t request, kolben_span span);

 private:
  OpenSpan* find(kolben_span handle);
  OpenSpan* new_span();
  kolben_span open(OpenSpan* span);
  bool close(OpenSpan* span);
  kolben_span handle_of(const OpenSpan* span) const;
  std::uint32_t count_open(kolben_span innermost);
  void begin_within(OpenSpan* span, kolben_span around);
  void work_in(ThreadState& thread, kolben_span handle);
  Context context_of_log(const ThreadState& thread);
  bool map_memory();
  // The span below which the thread works: of the API, else of the request that it serves; null:
  // none.
  const Context* current(const ThreadState& thread);
  // The same, or else the process's; null where the request may be another one: below which a span
  // begins.
  const Context* parent(ThreadState& thread);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const Sampler* sampler_ = nullptr;
  Connections* connections_ = nullptr;
  ProcessContext* process_ = nullptr;
  std::uint32_t generation_ = 1;
  std::uint32_t pid_ = 0;
  std::atomic<int> memory_state_{0};  // 0: not mapped, 1: at it, 2: there, 3: refused
  Pool<OpenSpan> spans_;
  Instrument* instruments_ = nullptr;
  std::atomic<std::uint32_t> instrument_count_{0};
  std::atomic<bool> instruments_busy_{false};
};

}  // namespace kolben::agent
