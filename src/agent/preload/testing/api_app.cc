// An ordinary application that uses all of kolben/telemetry.hpp; for the tests of the preload
// library. Without the agent it prints "off" and does nothing else.
#include <cstdio>

#include "kolben/telemetry.hpp"

int main() {
  std::puts(kolben::enabled() ? "on" : "off");
  kolben::Span outer("outer", kolben::SpanKind::kServer);
  outer.set("text", "a").set("yes", true).set("count", 7).set("share", 0.5);
  {
    kolben::Span inner("inner");
    inner.event("happened", {{"where", "here"}, {"times", 2}}).error("did not work");
    kolben::log_warn("careful", {{"why", std::string("because")}});
  }
  {
    kolben::Span consumer("consumer", kolben::SpanKind::kConsumer);
    consumer.link(kolben::traceparent(), {{"why", "itself"}}).link("nothing");
    std::printf("%d", kolben::set_baggage("user", "a b") ? 1 : 0);
    std::printf(" '%s' '%s'\n", kolben::baggage("user").c_str(), kolben::baggage("none").c_str());
  }
  kolben::set_route("/nowhere");
  kolben::set_request_attribute("ignored", 1);
  static const kolben::Counter counter("things", "1", "Things that were counted");
  counter.add(2, {{"kind", "small"}});
  kolben::Histogram("sizes", "By").record(2.5);
  kolben::UpDownCounter("open").add(-1);
  kolben::Gauge("level").record(3);
  std::printf("%zu\n", kolben::traceparent().size());
  outer.ok().end();
  outer.set("late", 1);
  return 0;
}
