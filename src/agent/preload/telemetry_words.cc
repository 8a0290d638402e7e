// The part of Telemetry for what the application says of a span that is open: attributes, events,
// links, its status. On any thread; see UsedBytes.
#include <cstring>

#include "agent/preload/encoded_attributes.h"
#include "agent/preload/telemetry.h"
#include "agent/protocols/traceparent.h"

namespace kolben::agent {

void Telemetry::attribute(kolben_span handle, const kolben_attribute& attribute) {
  OpenSpan* span = find(handle);
  if (span == nullptr) return;
  AttributeEncoder encoder(span->attributes, kSpanBytesMax, span->attributes_size.get());
  if (!encoder.add(attribute)) ++span->dropped_attributes_count;
  span->attributes_size.set(encoder.size());
}

void Telemetry::event(kolben_span handle, kolben_text name, const kolben_attribute* attributes,
                      std::size_t count) {
  OpenSpan* span = find(handle);
  if (span == nullptr) return;
  // u64 time, u32 name size, u32 attributes size, name, attributes
  constexpr std::uint32_t kFixed = 16;
  const std::uint32_t used = span->events_size.get();
  const std::uint32_t room = kSpanBytesMax - used;
  if (name.size > kNameBytesMax || kFixed + name.size > room) {
    ++span->dropped_events_count;
    return;
  }
  std::uint8_t* to = span->events + used;
  const auto name_size = static_cast<std::uint32_t>(name.size);
  const std::uint64_t time = system_->now();
  const std::uint32_t attributes_size =
      encode_or_count(attributes, count, to + kFixed + name_size, room - kFixed - name_size, ring_);
  std::memcpy(to, &time, sizeof(time));
  std::memcpy(to + 8, &name_size, sizeof(name_size));
  std::memcpy(to + 12, &attributes_size, sizeof(attributes_size));
  if (name_size != 0) std::memcpy(to + kFixed, name.data, name_size);
  span->events_size.set(used + kFixed + name_size + attributes_size);
}

void Telemetry::link(kolben_span handle, kolben_text traceparent,
                     const kolben_attribute* attributes, std::size_t count) {
  OpenSpan* span = find(handle);
  if (span == nullptr) return;
  Traceparent to_context;
  // trace id, span id, u32 attributes size, attributes
  constexpr std::uint32_t kIds = sizeof(to_context.trace_id) + sizeof(to_context.span_id);
  constexpr std::uint32_t kFixed = kIds + sizeof(std::uint32_t);
  const std::uint32_t used = span->links_size.get();
  const std::uint32_t room = kLinksBytesMax - used;
  if (!parse_traceparent(traceparent.data, traceparent.size, &to_context)) return;
  if (room < kFixed) {
    ++span->dropped_links_count;
    return;
  }
  std::uint8_t* to = span->links + used;
  const std::uint32_t attributes_size =
      encode_or_count(attributes, count, to + kFixed, room - kFixed, ring_);
  std::memcpy(to, to_context.trace_id, sizeof(to_context.trace_id));
  std::memcpy(to + sizeof(to_context.trace_id), to_context.span_id, sizeof(to_context.span_id));
  std::memcpy(to + kIds, &attributes_size, sizeof(attributes_size));
  span->links_size.set(used + kFixed + attributes_size);
}

void Telemetry::status(kolben_span handle, int code, kolben_text description) {
  OpenSpan* span = find(handle);
  if (span == nullptr) return;
  span->status_code = static_cast<std::uint8_t>(code);
  span->status_size = copy_text(description, span->status, sizeof(span->status));
}

}  // namespace kolben::agent
