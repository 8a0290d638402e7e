#include "agent/process/network_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <thread>

#include "agent/process/kept_messages.h"
#include "net/listen.h"

namespace kolben::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

// What a collector does, in order; after the last it accepts.
struct Peer {
  Mutex mutex;
  std::deque<Status> answers;
  int calls = 0;
  std::int64_t rejected = 0;  // of what it accepts
  std::string message;        // the last one
  std::chrono::nanoseconds timeout{};

  int call_count() {
    MutexLock lock(mutex);
    return calls;
  }
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Peer& peer) : peer_(peer) {}
  Result<otlp::PartialSuccess> send(const std::string& message,
                                    std::chrono::nanoseconds timeout) override {
    MutexLock lock(peer_.mutex);
    peer_.message = message;
    peer_.timeout = timeout;
    ++peer_.calls;
    if (peer_.answers.empty()) return otlp::PartialSuccess{peer_.rejected, {}};
    Status status = peer_.answers.front();
    peer_.answers.pop_front();
    if (status.is_ok()) return otlp::PartialSuccess{};
    return status;
  }

 private:
  Peer& peer_;
};

class NetworkExporterTest : public ::testing::Test {
 protected:
  void start(std::chrono::nanoseconds unit = milliseconds(100), std::uint64_t queue = 100,
             NetworkExporterSettings settings = {}) {
    settings.endpoint = "localhost:4317";
    exporter_causes_ = settings.causes;
    settings.backoff_unit = unit;
    settings.queue_items_max = queue;
    exporter_ = std::make_unique<NetworkExporter>(settings, std::make_unique<FakeTransport>(peer_),
                                                  messages_);
  }
  void export_span() {
    Batch batch(Signal::kTraces);
    Arena& arena = batch.arena();
    batch.traces().resources.add(arena).scopes.add(arena).spans.add(arena).name = "GET /";
    batch.recount();
    exporter_->export_batch(batch);
  }
  bool wait_for_calls(int calls) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(10);
    while (peer_.call_count() < calls && steady_clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    return peer_.call_count() >= calls;
  }
  void shutdown() { exporter_->shutdown(steady_clock::now() + std::chrono::seconds(1)); }
  std::string lost() {
    const Loss loss = exporter_->loss();
    return std::to_string(loss.items) + " for " + loss.endpoint + ": " + loss.why.to_string();
  }

  Peer peer_;
  KeptMessages messages_;
  std::shared_ptr<SaidOnce> exporter_causes_;  // of the last one that was started
  std::unique_ptr<NetworkExporter> exporter_;
};

TEST_F(NetworkExporterTest, ATransientErrorIsToldInTheScenariosWordsAndTriedAgain) {
  peer_.answers = {unavailable("refused"), unavailable("refused"), unavailable("refused")};
  start();
  export_span();
  ASSERT_TRUE(wait_for_calls(4));
  shutdown();
  const std::string head =
      "Transient error StatusCode.UNAVAILABLE encountered while exporting traces to "
      "localhost:4317, retrying in ";
  EXPECT_THAT(messages_.lines(),
              ElementsAre(head + "0.1s.", "kolben agent: the error of localhost:4317 is: refused",
                          head + "0.2s.", head + "0.4s.",
                          MatchesRegex("kolben agent: localhost:4317 takes telemetry again after "
                                       "[0-9.]+ s: 1 span sent late")));
}

TEST_F(NetworkExporterTest, TheCauseIsSaidOnceForAllSignalsWithWhatMayHelp) {
  const Status refused = unavailable("connecting to localhost:4317: Connection refused");
  peer_.answers = {refused, refused, unavailable("HTTP status 503")};
  start();
  export_span();
  ASSERT_TRUE(wait_for_calls(4));
  NetworkExporterSettings logs;
  logs.signal = Signal::kLogs;
  shutdown();
  const auto causes = [this] {
    std::vector<std::string> found;
    for (const std::string& line : messages_.lines()) {
      if (line.starts_with("kolben agent: the error of ")) found.push_back(line.substr(27));
    }
    return found;
  };
  const std::string first =
      "localhost:4317 is: connecting to localhost:4317: Connection refused; does a collector run "
      "there (`kolben up`)?";
  const std::string second = "localhost:4317 is: HTTP status 503";
  EXPECT_THAT(causes(), ElementsAre(first, second));
  logs.causes = exporter_causes_;
  peer_.answers = {refused};
  start(milliseconds(100), 100, logs);
  export_span();
  ASSERT_TRUE(wait_for_calls(6));
  shutdown();
  EXPECT_THAT(causes(), ElementsAre(first, second));
}

TEST_F(NetworkExporterTest, TheFirstDelayIsOneSecond) {
  peer_.answers = {unavailable("refused")};
  start(std::chrono::seconds(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  shutdown();  // interrupts the delay, and tries once more
  EXPECT_EQ(peer_.calls, 2);
  EXPECT_THAT(messages_.lines(), ElementsAre(HasSubstr("retrying in 1s."), HasSubstr("refused"),
                                             HasSubstr("takes telemetry again")));
}

// As the exporters of other signals do meanwhile.
TEST_F(NetworkExporterTest, TheBeginOfAShutdownInterruptsTheDelay) {
  peer_.answers = {unavailable("refused")};
  start(std::chrono::hours(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  exporter_->begin_shutdown(steady_clock::now() + std::chrono::seconds(10));
  EXPECT_TRUE(wait_for_calls(2));
  shutdown();
}

TEST_F(NetworkExporterTest, APermanentErrorIsNotTriedAgain) {
  peer_.answers = {invalid_argument("no")};
  start();
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  shutdown();
  EXPECT_EQ(peer_.calls, 1);
  EXPECT_THAT(messages_.lines(),
              ElementsAre("Failed to export traces to localhost:4317, error code: "
                          "StatusCode.INVALID_ARGUMENT: no"));
  EXPECT_EQ(lost(), "1 for localhost:4317: INVALID_ARGUMENT: no");
}

TEST_F(NetworkExporterTest, WhatFailsInTheSameWayIsSaidOnce) {
  for (int i = 0; i < 3; ++i) peer_.answers.push_back(invalid_argument("HTTP status 404"));
  start();
  for (int i = 0; i < 4; ++i) export_span();
  ASSERT_TRUE(wait_for_calls(4));
  shutdown();
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("INVALID_ARGUMENT: HTTP status 404; OTEL_EXPORTER_OTLP_"),
                          HasSubstr("1 span sent late, 3 spans lost")));
}

TEST_F(NetworkExporterTest, WhatIsNotTriedAgainIsSaidForEachSignalAndError) {
  peer_.answers = {invalid_argument("HTTP status 404"), invalid_argument("HTTP status 404: a"),
                   invalid_argument("HTTP status 404")};
  start();
  for (int i = 0; i < 3; ++i) export_span();
  ASSERT_TRUE(wait_for_calls(3));
  shutdown();
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("export traces to localhost:4317, error code: "
                                    "StatusCode.INVALID_ARGUMENT: HTTP status 404; "),
                          HasSubstr("INVALID_ARGUMENT: HTTP status 404: a; ")));
  NetworkExporterSettings logs;
  logs.signal = Signal::kLogs;
  logs.causes = exporter_causes_;
  peer_.answers = {invalid_argument("HTTP status 404")};
  start(milliseconds(100), 100, logs);
  export_span();
  ASSERT_TRUE(wait_for_calls(4));
  shutdown();
  EXPECT_THAT(messages_.lines(), Contains(HasSubstr("export logs to localhost:4317")));
}

TEST_F(NetworkExporterTest, CollectorsThatMessagesNameAlikeHaveTheirOwnCauses) {
  NetworkExporterSettings settings;
  for (const char* address : {"https://in/token-1", "https://in/token-2"}) {
    settings.address = address;
    peer_.answers = {unavailable("busy")};
    const int calls = peer_.call_count();
    start(milliseconds(1), 100, settings);
    export_span();
    ASSERT_TRUE(wait_for_calls(calls + 2));
    shutdown();
  }
  const auto lines = messages_.lines();
  EXPECT_EQ(
      std::count(lines.begin(), lines.end(), "kolben agent: the error of localhost:4317 is: busy"),
      2);
}

TEST_F(NetworkExporterTest, WhatIsLostDoesNotComeLateAsWell) {
  peer_.answers = {unavailable("refused"), invalid_argument("no")};
  NetworkExporterSettings settings;
  start(milliseconds(1), 100, settings);
  export_span();
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  while (exporter_->loss().items == 0 && steady_clock::now() < deadline) std::this_thread::yield();
  const auto now = steady_clock::now();
  settings.outages->failed("localhost:4317", Signal::kLogs, now, now);
  settings.outages->waiting("localhost:4317", Signal::kLogs, 2);
  EXPECT_THAT(settings.outages->arrived("localhost:4317", "it", Signal::kLogs, now),
              EndsWith(" s: 2 log records sent late, 1 span lost"));
  shutdown();
}

TEST_F(NetworkExporterTest, WhatIsRejectedIsNoMoreThanWasSent) {
  peer_.answers = {unavailable("refused")};
  peer_.rejected = 5;
  start(milliseconds(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(2));
  shutdown();
  EXPECT_THAT(messages_.lines(), Contains(EndsWith(" s: 1 span lost")));
  EXPECT_EQ(exporter_->loss().items, 1u);
}

TEST_F(NetworkExporterTest, OfAPeerThatSpeaksSomethingElseOneLineIsSaid) {
  const Status wrong = unavailable("the server does not go on with HTTP/2");
  peer_.answers = {wrong, wrong, wrong};
  start(milliseconds(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(4));
  shutdown();
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("is it the port of OTLP over HTTP (mostly 4318)?"),
                          HasSubstr("takes telemetry again")));
}

TEST_F(NetworkExporterTest, APeerThatTookSomethingSpeaksWhatWeSpeak) {
  peer_.answers = {Status::ok(), unavailable("the server does not go on with HTTP/2")};
  start(milliseconds(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  export_span();
  ASSERT_TRUE(wait_for_calls(3));
  shutdown();
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("retrying in "),
                          "kolben agent: the error of localhost:4317 is: the server does not go on "
                          "with HTTP/2",
                          HasSubstr("takes telemetry again")));
}

TEST_F(NetworkExporterTest, ATokenThatAServerRepeatsIsNotSaid) {
  peer_.answers = {unavailable("who is t0ken-t0ken?"), invalid_argument("who is t0ken-t0ken?")};
  PeerSettings peer;
  peer.headers = {{"authorization", "Bearer t0ken-t0ken"}};
  NetworkExporterSettings settings;
  settings.secrets = Secrets(peer);
  start(milliseconds(1), 100, settings);
  export_span();
  ASSERT_TRUE(wait_for_calls(2));
  shutdown();
  EXPECT_THAT(messages_.lines(), Contains(HasSubstr("who is ...?")));
  EXPECT_THAT(messages_.lines(), Each(Not(HasSubstr("t0ken"))));
  EXPECT_EQ(lost(), "1 for localhost:4317: INVALID_ARGUMENT: who is ...?");
}

TEST_F(NetworkExporterTest, LaterSpansArriveWhenTheCollectorComes) {
  peer_.answers = {unavailable("refused")};
  start(milliseconds(1));
  export_span();
  export_span();
  ASSERT_TRUE(wait_for_calls(3));
  shutdown();
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("retrying in "), HasSubstr("refused"), EndsWith(" sent late")));
}

TEST_F(NetworkExporterTest, AnAbsentCollectorDoesNotDelayTheEnd) {
  for (int i = 0; i < 50; ++i) peer_.answers.push_back(unavailable("refused"));
  start(std::chrono::seconds(30));
  for (int i = 0; i < 10; ++i) export_span();
  ASSERT_TRUE(wait_for_calls(1));
  const auto begin = steady_clock::now();
  shutdown();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_EQ(lost(), "10 for localhost:4317: UNAVAILABLE: refused");
}

// The program ends while a try has most of its ten seconds before it.
TEST_F(NetworkExporterTest, ASilentCollectorIsGivenUpAtTheDeadlineAndWhatIsLostIsCounted) {
  for (const ExporterKind kind : {ExporterKind::kOtlpGrpc, ExporterKind::kOtlpHttpProtobuf,
                                  ExporterKind::kZipkinJson, ExporterKind::kZipkinProtobuf}) {
    auto listening = net::listen_on("127.0.0.1:0");
    ASSERT_TRUE(listening.has_value());
    PeerSettings peer;
    peer.endpoint = "http://127.0.0.1:" + std::to_string(listening->port);
    NetworkExporterSettings settings;
    settings.kind = kind;
    settings.endpoint = peer.endpoint;
    KeptMessages messages;
    exporter_ = std::make_unique<NetworkExporter>(
        settings, make_transport(Signal::kTraces, kind, peer), messages);
    export_span();
    pollfd asked{listening->sockets[0].socket.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&asked, 1, 10'000), 1);
    export_span();  // waits for its turn
    const auto begin = steady_clock::now();
    exporter_->shutdown(begin + milliseconds(300));
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
    EXPECT_EQ(exporter_->loss().items, 2u);
    EXPECT_EQ(exporter_->loss().why.code(), StatusCode::kDeadlineExceeded);
    EXPECT_THAT(messages.lines(), IsEmpty());
    exporter_ = nullptr;
  }
}

TEST_F(NetworkExporterTest, AFullQueueDropsAndCounts) {
  for (int i = 0; i < 50; ++i) peer_.answers.push_back(unavailable("refused"));
  start(std::chrono::seconds(30), 3);
  for (int i = 0; i < 5; ++i) export_span();
  ASSERT_TRUE(wait_for_calls(1));
  shutdown();
  EXPECT_EQ(lost(), "5 for localhost:4317: UNAVAILABLE: refused");
}

TEST_F(NetworkExporterTest, AfterTheTimeForAnExportTheBatchIsGivenUp) {
  for (int i = 0; i < 50; ++i) peer_.answers.push_back(unavailable("refused"));
  NetworkExporterSettings settings;
  settings.export_timeout = milliseconds(2500);
  start(std::chrono::seconds(1), 100, settings);
  export_span();
  ASSERT_TRUE(wait_for_calls(2));  // at 0 s and 1 s; the next would be at 3 s
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (exporter_->loss().items == 0 && steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(peer_.call_count(), 2);
  EXPECT_LE(peer_.timeout, milliseconds(1500));
  EXPECT_THAT(messages_.lines(), ElementsAre(HasSubstr("retrying in 1s."), HasSubstr("refused"),
                                             HasSubstr("Failed to export traces")));
  shutdown();
}

TEST_F(NetworkExporterTest, ZipkinGetsItsJson) {
  NetworkExporterSettings settings;
  settings.kind = ExporterKind::kZipkinJson;
  start(milliseconds(100), 100, settings);
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  shutdown();
  EXPECT_THAT(peer_.message, HasSubstr(R"("name":"GET /")"));
  EXPECT_THAT(peer_.message, HasSubstr(R"("localEndpoint":{"serviceName":"unknown_service"})"));
}

TEST_F(NetworkExporterTest, ZipkinGetsItsProtobuf) {
  NetworkExporterSettings settings;
  settings.kind = ExporterKind::kZipkinProtobuf;
  start(milliseconds(100), 100, settings);
  export_span();
  ASSERT_TRUE(wait_for_calls(1));
  shutdown();
  EXPECT_THAT(peer_.message, HasSubstr("\x2a\x05GET /"));                    // the name
  EXPECT_THAT(peer_.message, HasSubstr("\x42\x11\x0a\x0funknown_service"));  // the local endpoint
}

TEST_F(NetworkExporterTest, WithoutBatchesNothingIsSentOrSaid) {
  start();
  shutdown();
  EXPECT_EQ(peer_.calls, 0);
  EXPECT_THAT(messages_.lines(), IsEmpty());
  EXPECT_EQ(exporter_->loss().items, 0u);
}

}  // namespace
}  // namespace kolben::agent
