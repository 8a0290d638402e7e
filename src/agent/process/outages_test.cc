#include "agent/process/outages.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

constexpr std::string_view kCollector = "localhost:4317";

Outages::Time at(double seconds) {
  return Outages::Time(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

TEST(Outages, TheFirstThatArrivesSaysWhatIsLateAndLostOfAllSignals) {
  Outages outages;
  outages.failed(kCollector, Signal::kTraces, at(1));
  outages.waiting(kCollector, Signal::kTraces, 340);
  outages.failed(kCollector, Signal::kLogs, at(2));
  outages.waiting(kCollector, Signal::kLogs, 1);
  outages.lost(kCollector, Signal::kTraces, 2);
  EXPECT_EQ(outages.arrived(kCollector, Signal::kTraces, at(13)),
            "kolben agent: localhost:4317 takes telemetry again after 12 s: 340 spans and 1 log "
            "record sent late, 2 spans lost");
  EXPECT_EQ(outages.arrived(kCollector, Signal::kLogs, at(14)), "");
}

TEST(Outages, EachIsSaidForItself) {
  Outages outages;
  outages.failed(kCollector, Signal::kTraces, at(1));
  outages.waiting(kCollector, Signal::kTraces, 1);
  outages.lost(kCollector, Signal::kTraces, 7);
  EXPECT_NE(outages.arrived(kCollector, Signal::kTraces, at(2)), "");
  outages.failed(kCollector, Signal::kTraces, at(3));
  EXPECT_EQ(outages.arrived(kCollector, Signal::kTraces, at(3.45)),
            "kolben agent: localhost:4317 takes telemetry again after 0.4 s: 1 span sent late, 0 "
            "lost");
}

TEST(Outages, ACollectorIsNotWellWhereOneOfItsSignalsGoesOnFailing) {
  Outages outages;
  outages.failed(kCollector, Signal::kMetrics, at(1));
  outages.failed(kCollector, Signal::kMetrics, at(2));
  // The exporters of spans never failed, and so have nothing to say. Another collector is another.
  outages.failed("other:1", Signal::kMetrics, at(1));
  outages.lost("other:1", Signal::kMetrics, 3);
  EXPECT_EQ(outages.arrived("other:1", Signal::kMetrics, at(2)),
            "kolben agent: other:1 takes telemetry again after 1.0 s: 0 sent late, 3 metric points "
            "lost");
  EXPECT_NE(outages.arrived(kCollector, Signal::kMetrics, at(9)), "");
}

}  // namespace
}  // namespace kolben::agent
