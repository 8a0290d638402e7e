#include "agent/preload/telemetry.h"

#include <cstring>

#include "agent/preload/encoded_attributes.h"
#include "agent/preload/ids.h"
#include "agent/protocols/traceparent.h"

namespace kolben::agent {
namespace {

bool same_text(kolben_text text, const char* other, std::uint32_t size) {
  return text.size == size && (size == 0 || std::memcmp(text.data, other, size) == 0);
}

}  // namespace

bool Telemetry::map_memory() {
  int state = memory_state_.load(std::memory_order_acquire);
  if (state == 2) return true;
  if (state != 0 || !memory_state_.compare_exchange_strong(state, 1)) return false;
  constexpr std::size_t kSpansBytes = sizeof(OpenSpan) * kSpansMax;
  void* memory = system_->allocate(kSpansBytes + sizeof(Instrument) * kInstrumentsMax);
  if (memory != nullptr) {
    spans_.init(memory, kSpansMax);
    instruments_ = reinterpret_cast<Instrument*>(static_cast<char*>(memory) + kSpansBytes);
  }
  memory_state_.store(memory != nullptr ? 2 : 3, std::memory_order_release);
  return memory != nullptr;
}

// A handle is the place's number and, above it, its turn: that of an ended span finds nothing.
OpenSpan* Telemetry::find(kolben_span handle) {
  if (handle == 0 || memory_state_.load(std::memory_order_acquire) != 2) return nullptr;
  const auto index = static_cast<std::uint32_t>(handle & 0xffff'ffff);
  if (index >= spans_.used()) return nullptr;
  OpenSpan* span = spans_.at(index);
  const bool same = span->turn.load(std::memory_order_relaxed) == handle >> 32;
  return same && span->open.load(std::memory_order_relaxed) ? span : nullptr;
}

const Context* Telemetry::current(const ThreadState& thread) {
  const OpenSpan* span = find(thread.span);
  if (span != nullptr) return &span->self;
  return Connections::serves(thread) ? &thread.request_context : nullptr;
}

const Context* Telemetry::parent(ThreadState& thread) {
  const OpenSpan* span = find(thread.span);
  const Context* context = span != nullptr ? &span->self : connections_->served_for_certain(thread);
  return context == nullptr && process_ != nullptr ? process_->use(thread) : context;
}

// Null: all places are in use. Of its last user nothing is left but the turn.
OpenSpan* Telemetry::new_span() {
  OpenSpan* span = map_memory() ? spans_.acquire() : nullptr;
  if (span == nullptr) {
    count_untraced(ring_);
    return nullptr;
  }
  span->kind = 0;
  span->status_code = 0;
  span->generation = generation_;
  span->previous = 0;
  span->baggage_holder = 0;
  span->start_time = 0;
  span->self = {};
  std::memset(span->parent_span_id, 0, sizeof(span->parent_span_id));
  span->name_size = 0;
  span->status_size = 0;
  span->attributes_size.set(0);
  span->events_size.set(0);
  span->links_size.set(0);
  span->dropped_attributes_count = 0;
  span->dropped_events_count = 0;
  span->dropped_links_count = 0;
  return span;
}

kolben_span Telemetry::begin(ThreadState& thread, kolben_text name, int kind) {
  OpenSpan* span = new_span();
  if (span == nullptr) return 0;
  span->kind = static_cast<std::uint8_t>(kind);
  begin_within(span, thread.span);
  span->start_time = system_->now();
  const Context* parent = this->parent(thread);
  if (parent != nullptr) {
    span->self = *parent;
    span->self.flags = sampler_->child(parent->trace_id, parent->flags);
    std::memcpy(span->parent_span_id, parent->span_id, sizeof(span->parent_span_id));
  } else {
    random_trace_id(thread, *system_, generation_, span->self.trace_id);
    span->self.flags = sampler_->root(span->self.trace_id, {name.data, name.size});
  }
  random_span_id(thread, *system_, generation_, span->self.span_id);
  span->name_size = copy_text(name, span->name, sizeof(span->name));
  work_in(thread, open(span));
  return thread.span;
}

// Its handle: from now on find() finds it.
kolben_span Telemetry::open(OpenSpan* span) {
  connections_->span_begins();
  const std::uint32_t turn = span->turn.load(std::memory_order_relaxed) + 1;
  span->turn.store(turn, std::memory_order_relaxed);
  span->open.store(true, std::memory_order_relaxed);
  return handle_of(span);
}

kolben_span Telemetry::handle_of(const OpenSpan* span) const {
  return (std::uint64_t{span->turn.load(std::memory_order_relaxed)} << 32) | spans_.index_of(span);
}

// Once for each; false: it has ended already.
bool Telemetry::close(OpenSpan* span) {
  const kolben_span handle = handle_of(span);
  if (!span->open.exchange(false)) return false;
  if (span->baggage_holder == handle) span->baggage.clear();
  // After a fork the parent counts its own.
  if (span->generation == generation_) connections_->span_ends();
  return true;
}

void Telemetry::end(ThreadState& thread, kolben_span handle) {
  OpenSpan* span = find(handle);
  if (span == nullptr || !close(span)) return;
  work_in(thread, thread.span == handle ? span->previous : thread.span);
  SpanRecord fixed;
  fixed.start_time = span->start_time;
  fixed.end_time = system_->now();
  if (fixed.end_time < fixed.start_time) fixed.end_time = fixed.start_time;
  fixed.self = span->self;
  std::memcpy(fixed.parent_span_id, span->parent_span_id, sizeof(fixed.parent_span_id));
  fixed.kind = span->kind;
  fixed.status_code = span->status_code;
  fixed.name_size = span->name_size;
  fixed.status_message_size = span->status_size;
  fixed.attributes_size = span->attributes_size.get();
  fixed.events_size = span->events_size.get();
  fixed.links_size = span->links_size.get();
  fixed.dropped_attributes_count = span->dropped_attributes_count;
  fixed.dropped_events_count = span->dropped_events_count;
  fixed.dropped_links_count = span->dropped_links_count;
  {
    RecordWriter writer(ring_, RecordType::kSpan,
                        static_cast<std::uint32_t>(sizeof(fixed)) + fixed.name_size +
                            fixed.status_message_size + fixed.attributes_size + fixed.events_size +
                            fixed.links_size,
                        pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
    writer.append(span->name, fixed.name_size);
    writer.append(span->status, fixed.status_message_size);
    writer.append(span->attributes, fixed.attributes_size);
    writer.append(span->events, fixed.events_size);
    writer.append(span->links, fixed.links_size);
  }
  spans_.release(span);
}

kolben_instrument Telemetry::instrument(int kind, kolben_text name, kolben_text unit,
                                        kolben_text description) {
  if (!map_memory()) return 0;
  // Registration is rare; another thread at it is done in less than a microsecond.
  constexpr int kTriesMax = 100'000;
  int tries = 0;
  while (instruments_busy_.exchange(true, std::memory_order_acquire)) {
    if (++tries == kTriesMax) return 0;
  }
  const std::uint32_t count = instrument_count_.load(std::memory_order_relaxed);
  kolben_instrument found = 0;
  for (std::uint32_t i = 0; i < count && found == 0; ++i) {
    const Instrument& known = instruments_[i];
    if (known.kind == kind && same_text(name, known.name, known.name_size)) found = i + 1;
  }
  if (found == 0 && count < kInstrumentsMax) {
    Instrument& fresh = instruments_[count];
    fresh.kind = static_cast<std::uint8_t>(kind);
    fresh.name_size = copy_text(name, fresh.name, sizeof(fresh.name));
    fresh.unit_size = copy_text(unit, fresh.unit, sizeof(fresh.unit));
    fresh.description_size = copy_text(description, fresh.description, sizeof(fresh.description));
    instrument_count_.store(count + 1, std::memory_order_release);
    found = count + 1;
  }
  instruments_busy_.store(false, std::memory_order_release);
  if (found == 0) count_untraced(ring_);
  return found;
}

void Telemetry::measure(ThreadState& thread, kolben_instrument handle, double value,
                        const kolben_attribute* attributes, std::size_t count) {
  std::uint8_t encoded[kSpanBytesMax];
  const std::uint32_t size = encode_or_count(attributes, count, encoded, sizeof(encoded), ring_);
  measure_packed(thread, handle, value, encoded, size);
}

void Telemetry::measure_packed(ThreadState& thread, kolben_instrument handle, double value,
                               const void* attributes, std::size_t size) {
  if (handle == 0 || handle > instrument_count_.load(std::memory_order_acquire)) return;
  if (size > kRecordBytesMax) return count_untraced(ring_);
  const Instrument& instrument = instruments_[handle - 1];
  Measurement fixed;
  fixed.time = system_->now();
  fixed.value = value;
  const Context* context = current(thread);
  if (context != nullptr) fixed.context = *context;
  fixed.kind = instrument.kind;
  fixed.name_size = instrument.name_size;
  fixed.unit_size = instrument.unit_size;
  fixed.description_size = instrument.description_size;
  fixed.attributes_size = static_cast<std::uint32_t>(size);
  RecordWriter writer(ring_, RecordType::kMeasurement,
                      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.name_size +
                          fixed.unit_size + fixed.description_size + fixed.attributes_size,
                      pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(instrument.name, fixed.name_size);
  writer.append(instrument.unit, fixed.unit_size);
  writer.append(instrument.description, fixed.description_size);
  writer.append(attributes, fixed.attributes_size);
}

// Just after its response a thread still speaks of its request (a server's line for each).
Context Telemetry::context_of_log(const ThreadState& thread) {
  constexpr std::uint64_t kSpokenNanos = 500'000'000;
  const Context* context = current(thread);
  if (context == nullptr && process_ != nullptr) context = process_->known();
  if (context != nullptr) return *context;
  const bool is_spoken_of = system_->now() < thread.request_ended + kSpokenNanos;
  if (is_spoken_of) return thread.request_context;
  return process_ == nullptr ? Context() : process_->possible();
}

void Telemetry::log(ThreadState& thread, int severity, kolben_text body,
                    const kolben_attribute* attributes, std::size_t count) {
  std::uint8_t bytes[kSpanBytesMax];
  const Encoded encoded = encode(attributes, count, bytes, sizeof(bytes));
  LogRecordHeader fixed;
  fixed.time = system_->now();
  fixed.context = context_of_log(thread);
  fixed.severity = severity;
  if (body.size > kBodyBytesMax) count_untraced(ring_);
  fixed.body_size =
      static_cast<std::uint32_t>(body.size < kBodyBytesMax ? body.size : kBodyBytesMax);
  fixed.attributes_size = encoded.size;
  fixed.dropped_attributes_count = encoded.dropped_count;
  RecordWriter writer(
      ring_, RecordType::kLog,
      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.body_size + fixed.attributes_size, pid_,
      thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(body.data, fixed.body_size);
  writer.append(bytes, fixed.attributes_size);
}

std::size_t Telemetry::traceparent(ThreadState& thread, char* buffer, std::size_t size) {
  const Context* context = parent(thread);
  if (context == nullptr || size < kTraceparentSize) return 0;
  format_traceparent(context->trace_id, context->span_id, context->flags, buffer);
  return kTraceparentSize;
}

}  // namespace kolben::agent
