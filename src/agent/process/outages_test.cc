#include "agent/process/outages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

constexpr std::string_view kCollector = "localhost:4317";

Outages::Time at(double seconds) {
  return Outages::Time(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

class OutagesTest : public ::testing::Test {
 protected:
  // A try that failed at once.
  void failed(Signal signal, double seconds, std::string_view collector = kCollector) {
    outages_.failed(collector, signal, at(seconds), at(seconds));
  }
  std::string arrived(Signal signal, double seconds, std::string_view collector = kCollector) {
    return outages_.arrived(collector, collector, signal, at(seconds));
  }

  Outages outages_;
};

TEST_F(OutagesTest, TheFirstThatArrivesSaysWhatIsLateAndLostOfAllSignals) {
  failed(Signal::kTraces, 1);
  outages_.waiting(kCollector, Signal::kTraces, 340);
  failed(Signal::kLogs, 2);
  outages_.waiting(kCollector, Signal::kLogs, 1);
  outages_.lost(kCollector, Signal::kTraces, 2);
  EXPECT_EQ(arrived(Signal::kTraces, 13),
            "kolben agent: localhost:4317 takes telemetry again after 12 s: 340 spans and 1 log "
            "record sent late, 2 spans lost");
  EXPECT_EQ(arrived(Signal::kLogs, 14), "");
}

TEST_F(OutagesTest, EachIsSaidForItself) {
  failed(Signal::kTraces, 1);
  outages_.waiting(kCollector, Signal::kTraces, 1);
  outages_.lost(kCollector, Signal::kTraces, 7);
  EXPECT_NE(arrived(Signal::kTraces, 2), "");
  failed(Signal::kTraces, 3);
  outages_.waiting(kCollector, Signal::kTraces, 1);
  EXPECT_EQ(arrived(Signal::kTraces, 3.45),
            "kolben agent: localhost:4317 takes telemetry again after 0.4 s: 1 span sent late");
}

TEST_F(OutagesTest, WhatDidNotHappenIsSaidOnlyWhereNothingElseIs) {
  failed(Signal::kMetrics, 1);
  outages_.lost(kCollector, Signal::kMetrics, 3);
  EXPECT_THAT(arrived(Signal::kMetrics, 2),
              ::testing::EndsWith(" after 1.0 s: 3 metric points lost"));
  failed(Signal::kMetrics, 3);
  EXPECT_THAT(arrived(Signal::kMetrics, 4), ::testing::EndsWith(" after 1.0 s: 0 sent late"));
}

TEST_F(OutagesTest, ASecondFailureOfWhatWaitsChangesNothing) {
  failed(Signal::kTraces, 1);
  outages_.waiting(kCollector, Signal::kTraces, 5);
  failed(Signal::kTraces, 2);
  outages_.waiting(kCollector, Signal::kTraces, 5);
  EXPECT_THAT(arrived(Signal::kTraces, 4), ::testing::EndsWith(" after 3.0 s: 5 spans sent late"));
}

TEST_F(OutagesTest, ASignalThatIsNeverTakenLengthensNoOutageOfOthers) {
  failed(Signal::kMetrics, 1);
  outages_.lost(kCollector, Signal::kMetrics, 10);
  EXPECT_EQ(arrived(Signal::kTraces, 5), "") << "which did not fail";
  failed(Signal::kTraces, 100);
  outages_.waiting(kCollector, Signal::kTraces, 2);
  failed(Signal::kMetrics, 101);
  EXPECT_EQ(arrived(Signal::kTraces, 103),
            "kolben agent: localhost:4317 takes telemetry again after 3.0 s: 2 spans sent late");
  outages_.waiting(kCollector, Signal::kMetrics, 4);
  EXPECT_EQ(arrived(Signal::kMetrics, 111),
            "kolben agent: localhost:4317 takes telemetry again after 110 s: 4 metric points sent "
            "late, 10 metric points lost");
}

TEST_F(OutagesTest, ATryThatBeganBeforeTheEndBelongsToWhatWasSaid) {
  failed(Signal::kTraces, 1);
  outages_.failed(kCollector, Signal::kLogs, at(1), at(2));
  EXPECT_NE(arrived(Signal::kTraces, 10), "");
  outages_.failed(kCollector, Signal::kLogs, at(9), at(11));
  outages_.failed(kCollector, Signal::kMetrics, at(9), at(11));
  EXPECT_EQ(arrived(Signal::kLogs, 12), "");
  EXPECT_EQ(arrived(Signal::kMetrics, 12), "");
}

TEST_F(OutagesTest, ASignalThatFailsAfterTheEndWasSaidHasOneOfItsOwn) {
  failed(Signal::kTraces, 1);
  failed(Signal::kLogs, 1);
  EXPECT_NE(arrived(Signal::kTraces, 10), "");
  failed(Signal::kLogs, 11);
  outages_.waiting(kCollector, Signal::kLogs, 2);
  EXPECT_THAT(arrived(Signal::kLogs, 21),
              ::testing::EndsWith(" after 20 s: 2 log records sent late"));
}

TEST_F(OutagesTest, CollectorsThatMessagesNameAlikeAreTwo) {
  failed(Signal::kMetrics, 1, "https://in/token-1");
  failed(Signal::kMetrics, 5, "https://in/token-2");
  outages_.waiting("https://in/token-2", Signal::kMetrics, 3);
  EXPECT_EQ(outages_.arrived("https://in/token-2", "https://in/...", Signal::kMetrics, at(6)),
            "kolben agent: https://in/... takes telemetry again after 1.0 s: 3 metric points sent "
            "late");
  EXPECT_NE(arrived(Signal::kMetrics, 9, "https://in/token-1"), "");
}

}  // namespace
}  // namespace kolben::agent
