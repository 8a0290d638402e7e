// The application's door: each entry takes the guard and calls Telemetry.
#include "agent/preload/agent.h"
#include "kolben/abi.h"

namespace kolben::agent {
namespace {

kolben_span span_begin(kolben_text name, int kind) {
  ThreadGuard guard;
  return guard ? agent_instance.telemetry.begin(guard.thread(), name, kind) : 0;
}

void span_attribute(kolben_span span, const kolben_attribute* attribute) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.attribute(span, *attribute);
}

void span_event(kolben_span span, kolben_text name, const kolben_attribute* attributes,
                std::size_t count) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.event(span, name, attributes, count);
}

void span_status(kolben_span span, int code, kolben_text description) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.status(span, code, description);
}

void span_end(kolben_span span) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.end(guard.thread(), span);
}

void request_route(kolben_text route) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.set_route(guard.thread(), route.data, route.size);
}

void request_attribute(const kolben_attribute* attribute) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.add_attribute(guard.thread(), *attribute);
}

kolben_instrument instrument(int kind, kolben_text name, kolben_text unit,
                             kolben_text description) {
  ThreadGuard guard;
  return guard ? agent_instance.telemetry.instrument(kind, name, unit, description) : 0;
}

void record(kolben_instrument handle, double value, const kolben_attribute* attributes,
            std::size_t count) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.measure(guard.thread(), handle, value, attributes, count);
}

void log(int severity, kolben_text body, const kolben_attribute* attributes, std::size_t count) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.log(guard.thread(), severity, body, attributes, count);
}

std::size_t traceparent(char* buffer, std::size_t size) {
  ThreadGuard guard;
  return guard ? agent_instance.telemetry.traceparent(guard.thread(), buffer, size) : 0;
}

std::uint64_t request() {
  ThreadGuard guard;
  return guard ? agent_instance.connections.request(guard.thread()) : 0;
}

void work_for(std::uint64_t request, kolben_span span) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.work_for(guard.thread(), request, span);
}

kolben_span span_start(const char* parent, char* traceparent) {
  ThreadGuard guard;
  return guard ? agent_instance.telemetry.start(guard.thread(), parent, traceparent) : 0;
}

void span_finish(kolben_span span, const void* packed, std::size_t size) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.finish(guard.thread(), span, packed, size);
}

void log_packed(const void* packed, std::size_t size) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.log_packed(guard.thread(), packed, size);
}

void record_packed(kolben_instrument handle, double value, const void* attributes,
                   std::size_t size) {
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.telemetry.measure_packed(guard.thread(), handle, value, attributes, size);
}

void request_packed(const void* attributes, std::size_t size) {
  ThreadGuard guard;
  if (guard) agent_instance.connections.add_packed(guard.thread(), attributes, size);
}

void output_is_told(int begins) {
  ThreadGuard guard;
  if (!guard) return;
  std::uint32_t& depth = guard.thread().output_told_depth;
  if (begins != 0) {
    ++depth;
  } else if (depth != 0) {
    --depth;
  }
}

void output_text_is_told(kolben_text begin, std::size_t size) {
  ThreadGuard guard;
  if (guard) agent_instance.outputs.text_is_told(guard.thread(), begin.data, begin.size, size);
}

void span_link(kolben_span span, kolben_text traceparent, const kolben_attribute* attributes,
               std::size_t count) {
  ThreadGuard guard;
  if (guard) agent_instance.telemetry.link(span, traceparent, attributes, count);
}

int baggage_set(kolben_text key, kolben_text value) {
  ThreadGuard guard;
  return guard && agent_instance.telemetry.set_baggage(guard.thread(), key, value) ? 1 : 0;
}

std::size_t baggage_get(kolben_text key, char* buffer, std::size_t size) {
  ThreadGuard guard;
  return guard ? agent_instance.telemetry.baggage(guard.thread(), key, buffer, size) : 0;
}

constexpr kolben_table kTable = {
    .version = 1,
    .size = sizeof(kolben_table),
    .span_begin = span_begin,
    .span_attribute = span_attribute,
    .span_event = span_event,
    .span_status = span_status,
    .span_end = span_end,
    .request_route = request_route,
    .request_attribute = request_attribute,
    .instrument = instrument,
    .record = record,
    .log = log,
    .traceparent = traceparent,
    .request = request,
    .work_for = work_for,
    .span_start = span_start,
    .span_finish = span_finish,
    .log_packed = log_packed,
    .record_packed = record_packed,
    .request_packed = request_packed,
    .output_is_told = output_is_told,
    .output_text_is_told = output_text_is_told,
    .span_link = span_link,
    .baggage_set = baggage_set,
    .baggage_get = baggage_get,
};

}  // namespace
}  // namespace kolben::agent

// Null while the agent is off (kill switch, no ring): the application's fastest way.
extern "C" __attribute__((visibility("default"))) const kolben_table* kolben_agent_table(void) {
  return kolben::agent::agent_instance.active() ? &kolben::agent::kTable : nullptr;
}
