// The part of Telemetry for runtimes that keep a span's data themselves and hand it over in one
// piece (packed, kolben/abi.h). Here a span is a place in the pool, with its ids, until it ends;
// what is packed goes into the ring as it is, and the agent process trusts none of it.
#include <cstring>

#include "agent/preload/ids.h"
#include "agent/preload/telemetry.h"
#include "agent/protocols/traceparent.h"

namespace kolben::agent {
namespace {

// The packed struct, and whether its texts, whose sizes are summed by `texts_size`, are what
// follows it; a record of the ring holds them.
template <typename Packed, typename TextsSize>
bool read_packed(const void* packed, std::size_t size, Packed* fixed, TextsSize texts_size) {
  if (size < sizeof(Packed) || size > kRecordBytesMax) return false;
  std::memcpy(fixed, packed, sizeof(Packed));
  return texts_size(*fixed) == size - sizeof(Packed);
}

constexpr std::uint64_t sum_of(std::initializer_list<std::uint32_t> sizes) {
  std::uint64_t sum = 0;
  for (const std::uint32_t size : sizes) sum += size;
  return sum;
}

const char* texts_of(const void* packed, std::size_t fixed_size) {
  return static_cast<const char*>(packed) + fixed_size;
}

}  // namespace

kolben_span Telemetry::start(ThreadState& thread, const char* parent, char* traceparent) {
  Traceparent above;
  const bool has_parent = parent != nullptr && parse_traceparent(parent, kTraceparentSize, &above);
  OpenSpan* span = new_span();
  if (span == nullptr) return 0;
  Context& context = span->self;
  if (has_parent) {
    std::memcpy(context.trace_id, above.trace_id, sizeof(context.trace_id));
    std::memcpy(span->parent_span_id, above.span_id, sizeof(span->parent_span_id));
    context.flags = sampler_->child(context.trace_id, above.flags);
    // A runtime says of which span a thread is at work for, then what is below it.
    const bool is_current =
        std::memcmp(above.span_id, thread.span_context.span_id, sizeof(above.span_id)) == 0;
    if (is_current) begin_within(span, thread.span);
  } else {
    random_trace_id(thread, *system_, generation_, context.trace_id);
    context.flags = sampler_->root(context.trace_id);
  }
  random_span_id(thread, *system_, generation_, context.span_id);
  format_traceparent(context.trace_id, context.span_id, context.flags, traceparent);
  return open(span);
}

void Telemetry::finish(ThreadState& thread, kolben_span handle, const void* packed,
                       std::size_t size) {
  OpenSpan* span = find(handle);
  if (span == nullptr || !close(span)) return;
  work_in(thread, thread.span == handle ? 0 : thread.span);
  kolben_packed_span told;
  const bool is_whole =
      packed != nullptr && read_packed(packed, size, &told, [](const auto& it) {
        return sum_of({it.name_size, it.status_message_size, it.scope_name_size,
                       it.scope_version_size, it.attributes_size, it.events_size, it.links_size});
      });
  if (is_whole) {
    SpanRecord fixed;
    fixed.start_time = told.start_time;
    fixed.end_time = told.end_time < told.start_time ? told.start_time : told.end_time;
    fixed.self = span->self;
    std::memcpy(fixed.parent_span_id, span->parent_span_id, sizeof(fixed.parent_span_id));
    fixed.kind = static_cast<std::uint8_t>(told.kind);
    fixed.status_code = static_cast<std::uint8_t>(told.status);
    fixed.name_size = told.name_size;
    fixed.status_message_size = told.status_message_size;
    fixed.scope_name_size = told.scope_name_size;
    fixed.scope_version_size = told.scope_version_size;
    fixed.attributes_size = told.attributes_size;
    fixed.events_size = told.events_size;
    fixed.links_size = told.links_size;
    fixed.dropped_attributes_count = told.dropped_attributes_count;
    fixed.dropped_events_count = told.dropped_events_count;
    fixed.dropped_links_count = told.dropped_links_count;
    const auto texts_size = static_cast<std::uint32_t>(size - sizeof(told));
    RecordWriter writer(ring_, RecordType::kSpan,
                        static_cast<std::uint32_t>(sizeof(fixed)) + texts_size, pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
    writer.append(texts_of(packed, sizeof(told)), texts_size);
  } else if (packed != nullptr) {
    count_untraced(ring_);
  }
  spans_.release(span);
}

void Telemetry::log_packed(ThreadState& thread, const void* packed, std::size_t size) {
  kolben_packed_log told;
  const bool is_whole = read_packed(packed, size, &told, [](const auto& it) {
    return sum_of({it.severity_text_size, it.scope_name_size, it.body_size, it.attributes_size});
  });
  if (!is_whole) return count_untraced(ring_);
  LogRecordHeader fixed;
  fixed.time = told.time;
  fixed.context = context_of_log(thread);
  fixed.severity = told.severity;
  fixed.severity_text_size = told.severity_text_size;
  fixed.scope_name_size = told.scope_name_size;
  fixed.body_size = told.body_size;
  fixed.attributes_size = told.attributes_size;
  fixed.dropped_attributes_count = told.dropped_attributes_count;
  const auto texts_size = static_cast<std::uint32_t>(size - sizeof(told));
  RecordWriter writer(ring_, RecordType::kLog,
                      static_cast<std::uint32_t>(sizeof(fixed)) + texts_size, pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(texts_of(packed, sizeof(told)), texts_size);
}

}  // namespace kolben::agent
