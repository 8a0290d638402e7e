#include "agent/process/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Loss loss(Signal signal, std::uint64_t items, std::string endpoint, Status why = {}) {
  return {.signal = signal,
          .items = items,
          .endpoint = std::move(endpoint),
          .why = std::move(why),
          .advice = {}};
}

TEST(Losses, NothingLostNothingSaid) {
  EXPECT_THAT(loss_sentences({}), IsEmpty());
  EXPECT_THAT(loss_sentences({loss(Signal::kTraces, 0, "localhost:4317", unavailable("no"))}),
              IsEmpty());
}

TEST(Losses, ACollectorThatIsAwayIsNamedOnceForAllSignalsWithWhatMayHelp) {
  const Status refused = unavailable("connecting to localhost:4317: Connection refused");
  std::vector<Loss> losses = {loss(Signal::kTraces, 3, "localhost:4317", refused),
                              loss(Signal::kMetrics, 1, "localhost:4317", refused),
                              loss(Signal::kLogs, 2, "localhost:4317", refused)};
  for (Loss& item : losses) item.advice = "does a collector run there (`kolben up`)?";
  EXPECT_THAT(loss_sentences(losses),
              ElementsAre("kolben agent: 3 spans, 1 metric point and 2 log records could not be "
                          "exported to localhost:4317: UNAVAILABLE: connecting to localhost:4317: "
                          "Connection refused; does a collector run there (`kolben up`)?"));
}

TEST(Losses, TheSignalsPathsBelongToOneCollector) {
  EXPECT_THAT(loss_sentences({loss(Signal::kTraces, 1, "http://a:4318/v1/traces"),
                              loss(Signal::kLogs, 1, "http://a:4318/v1/logs")}),
              ElementsAre("kolben agent: 1 span and 1 log record could not be exported to "
                          "http://a:4318"));
}

TEST(Losses, ACollectorThatAnswersIsNotAskedAfter) {
  EXPECT_THAT(loss_sentences({loss(Signal::kTraces, 1, "a:1", unavailable("HTTP status 503")),
                              loss(Signal::kLogs, 2, "b:1", invalid_argument("no"))}),
              ElementsAre("kolben agent: 1 span could not be exported to a:1: UNAVAILABLE: HTTP "
                          "status 503",
                          "kolben agent: 2 log records could not be exported to b:1: "
                          "INVALID_ARGUMENT: no"));
}

}  // namespace
}  // namespace kolben::agent
