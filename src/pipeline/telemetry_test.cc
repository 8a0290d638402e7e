#include "pipeline/telemetry.h"

#include <gtest/gtest.h>

#include <limits>

namespace kolben::pipeline {
namespace {

TEST(Telemetry, TheSameNameAndLabelsAreTheSameCounter) {
  TelemetryRegistry registry;
  Counter& one = registry.counter("c", "help", {{"a", "1"}});
  Counter& other = registry.counter("c", "help", {{"a", "2"}});
  EXPECT_NE(&one, &other);
  EXPECT_EQ(&one, &registry.counter("c", "help", {{"a", "1"}}));
}

TEST(Telemetry, WritesPrometheusText) {
  TelemetryRegistry registry;
  registry.counter("otelcol_sent_spans", "Sent \\ spans.\nAll.", {{"exporter", "a\"b\\c\nd"}})
      .add(3);
  registry.counter("otelcol_sent_spans", "", {}).add(1);
  registry.add_gauge("otelcol_queue_size", "Held now.", {{"exporter", "x"}}, [] { return 1.5; });
  registry.add_gauge("otelcol_zzz", "Odd.", {},
                     [] { return std::numeric_limits<double>::infinity(); });
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP otelcol_queue_size Held now.\n"
            "# TYPE otelcol_queue_size gauge\n"
            "otelcol_queue_size{exporter=\"x\"} 1.5\n"
            "# HELP otelcol_sent_spans Sent \\\\ spans.\\nAll.\n"
            "# TYPE otelcol_sent_spans counter\n"
            "otelcol_sent_spans{exporter=\"a\\\"b\\\\c\\nd\"} 3\n"
            "otelcol_sent_spans 1\n"
            "# HELP otelcol_zzz Odd.\n"
            "# TYPE otelcol_zzz gauge\n"
            "otelcol_zzz +Inf\n");
}

TEST(Telemetry, ARemovedGaugeIsAskedNoMore) {
  TelemetryRegistry registry;
  const auto id = registry.add_gauge("g", "", {}, [] { return 1.0; });
  EXPECT_EQ(registry.samples().size(), 1U);
  registry.remove_gauge(id);
  EXPECT_TRUE(registry.samples().empty());
  EXPECT_EQ(registry.to_prometheus_text(), "");
}

}  // namespace
}  // namespace kolben::pipeline
