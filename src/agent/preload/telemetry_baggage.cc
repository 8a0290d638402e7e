// The part of Telemetry for what a thread works in: its current span, those around it, and the
// baggage that is set there.
#include "agent/preload/telemetry.h"

namespace kolben::agent {
namespace {

// Of spans that are within each other, so many are looked at.
constexpr int kDepthMax = 32;

}  // namespace

// That span and those around it, as far as this process has begun them; more of them than the bound
// are the less certain.
std::uint32_t Telemetry::count_open(kolben_span innermost) {
  std::uint32_t count = 0;
  for (int depth = 0; depth < kDepthMax && innermost != 0; ++depth) {
    const OpenSpan* span = find(innermost);
    if (span == nullptr) break;
    if (span->generation == generation_) ++count;
    innermost = span->previous;
  }
  return count;
}

// What begins within the thread's current span has its baggage.
void Telemetry::begin_within(OpenSpan* span, kolben_span around) {
  const OpenSpan* outer = find(around);
  span->previous = around;
  span->baggage_holder = outer != nullptr ? outer->baggage_holder : 0;
}

// It is the thread's current span from now on; where it has ended, none is.
void Telemetry::work_in(ThreadState& thread, kolben_span handle) {
  const OpenSpan* span = find(handle);
  thread.span = span != nullptr ? handle : 0;
  thread.span_context = span != nullptr ? span->self : Context();
  thread.open_spans = count_open(thread.span);
  const OpenSpan* holder = span != nullptr ? find(span->baggage_holder) : nullptr;
  thread.baggage = holder != nullptr ? &holder->baggage : nullptr;
  thread.baggage_span = holder != nullptr ? span->baggage_holder : 0;
}

void Telemetry::work_for(ThreadState& thread, std::uint64_t request, kolben_span handle) {
  connections_->work_for(thread, request);
  work_in(thread, handle);
}

bool Telemetry::set_baggage(ThreadState& thread, kolben_text key, kolben_text value) {
  const ListText name = {key.data, key.size};
  const ListText text = {value.data, value.size};
  OpenSpan* span = find(thread.span);
  if (span == nullptr) return connections_->set_baggage(thread, name, text);
  const OpenSpan* holder = find(span->baggage_holder);
  const ListText before = holder != nullptr ? holder->baggage.list() : ListText();
  if (!span->baggage.set(before, name, text)) return false;
  span->baggage.span = thread.span;
  span->baggage_holder = thread.span;
  thread.baggage = &span->baggage;
  thread.baggage_span = thread.span;
  return true;
}

std::size_t Telemetry::baggage(const ThreadState& thread, kolben_text key, char* buffer,
                               std::size_t size) const {
  ListText value;
  const bool is_there = connections_->find_baggage(thread, {key.data, key.size}, &value);
  return is_there ? decode_member_value(value, buffer, size) : 0;
}

}  // namespace kolben::agent
