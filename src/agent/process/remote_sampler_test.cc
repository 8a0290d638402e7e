#include "agent/process/remote_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "agent/process/kept_messages.h"
#include "net/grpc/server.h"
#include "net/http/server.h"
#include "net/listen.h"

namespace kolben::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::chrono::seconds kLong{10};

template <typename Condition>
bool comes_true(Condition condition) {
  const auto deadline = steady_clock::now() + kLong;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

// What it is asked it answers from a list; the last answer is given again and again.
struct Server {
  Mutex mutex;
  std::vector<Result<SamplingStrategies>> answers;
  int asked = 0;

  int times_asked() {
    MutexLock lock(mutex);
    return asked;
  }
};

class ServerSource final : public SamplingSource {
 public:
  explicit ServerSource(Server& server) : server_(server) {}
  Result<SamplingStrategies> ask(std::chrono::nanoseconds) override {
    MutexLock lock(server_.mutex);
    const auto at = std::min<std::size_t>(static_cast<std::size_t>(server_.asked++),
                                          server_.answers.size() - 1);
    return server_.answers[at];
  }

 private:
  Server& server_;
};

class RemoteSamplerTest : public ::testing::Test {
 protected:
  void run_until_asked(int times) {
    RemoteSampler sampler("http://jaeger:14250",
                          {.interval = milliseconds(1), .backoff_unit = milliseconds(1)},
                          std::make_unique<ServerSource>(server_), *table_, messages_);
    EXPECT_TRUE(comes_true([&] { return server_.times_asked() >= times; }));
  }

  Server server_;
  KeptMessages messages_;
  std::unique_ptr<SamplingTable> table_ = std::make_unique<SamplingTable>();
};

TEST_F(RemoteSamplerTest, WhatIsAnsweredIsShown) {
  server_.answers.push_back(SamplingStrategies{1, 0, {}});
  server_.answers.push_back(SamplingStrategies{0, 5, {}});
  run_until_asked(3);
  ASSERT_NE(table_->rules(), nullptr);
  EXPECT_TRUE(table_->rules()->is_rate_limited());
  EXPECT_THAT(messages_.lines(), IsEmpty());
}

TEST_F(RemoteSamplerTest, TheSameAnswerLeavesWhatTheLimitHasGiven) {
  server_.answers.push_back(SamplingStrategies{0, 1, {}});
  std::uint64_t next = 0;
  {
    RemoteSampler sampler("x", {.interval = milliseconds(1)},
                          std::make_unique<ServerSource>(server_), *table_, messages_);
    ASSERT_TRUE(comes_true([&] { return table_->rules() != nullptr; }));
    ASSERT_TRUE(table_->rules()->others.take(1'000'000'000));
    next = table_->rules()->others.next_nanos;
    const int asked = server_.times_asked();
    ASSERT_TRUE(comes_true([&] { return server_.times_asked() > asked + 2; }));
  }
  EXPECT_NE(next, 0u);
  EXPECT_EQ(table_->rules()->others.next_nanos, next);
}

// As an adaptive server does, each minute.
TEST_F(RemoteSamplerTest, AnotherProbabilityLeavesWhatTheLimitHasGiven) {
  const auto answer = [this](double probability) {
    MutexLock lock(server_.mutex);
    server_.answers.push_back(SamplingStrategies{probability, 1, {{"GET /a", probability}}});
  };
  const auto rule = [this]() -> SamplingRule& { return table_->rules()->rule_of({"GET /a", 6}); };
  answer(0.25);
  RemoteSampler sampler("x", {.interval = milliseconds(1)}, std::make_unique<ServerSource>(server_),
                        *table_, messages_);
  ASSERT_TRUE(comes_true([&] { return table_->rules() != nullptr; }));
  const SamplingRules* const first = table_->rules();
  ASSERT_TRUE(rule().take(1'000'000'000));
  answer(0.5);
  ASSERT_TRUE(comes_true([&] { return table_->rules() != first; }));
  EXPECT_EQ(rule().below, std::uint64_t{1} << 63);
  EXPECT_FALSE(rule().take(1'000'000'000));
}

TEST_F(RemoteSamplerTest, AServerThatIsAwayIsSaidOnceAndNothingIsShown) {
  server_.answers.push_back(unavailable("connecting to jaeger:14250: Connection refused"));
  run_until_asked(4);
  EXPECT_EQ(table_->rules(), nullptr);
  EXPECT_THAT(messages_.lines(),
              ElementsAre("kolben agent: sampling strategies of http://jaeger:14250: connecting to "
                          "jaeger:14250: Connection refused; the initial sampler holds until there "
                          "are any"));
}

TEST_F(RemoteSamplerTest, TheRateThatHoldsUntilThereIsAnAnswerIsSaid) {
  server_.answers.push_back(unavailable("away"));
  {
    RemoteSampler sampler("x", {.interval = milliseconds(1), .initial_rate = "1: each trace"},
                          std::make_unique<ServerSource>(server_), *table_, messages_);
    EXPECT_TRUE(comes_true([&] { return server_.times_asked() >= 2; }));
  }
  EXPECT_THAT(messages_.lines(), ElementsAre(EndsWith("until there are any (1: each trace)")));
}

TEST_F(RemoteSamplerTest, TheLastStrategiesHoldWhenTheServerFallsSilent) {
  server_.answers.push_back(SamplingStrategies{1, 0, {}});
  server_.answers.push_back(invalid_argument("the answer has no strategy"));
  run_until_asked(4);
  ASSERT_NE(table_->rules(), nullptr);
  EXPECT_EQ(table_->rules()->others.below, SamplingRule::kAll);
  EXPECT_THAT(messages_.lines(), ElementsAre(HasSubstr("no strategy; the last ones hold")));
}

TEST_F(RemoteSamplerTest, AServerThatRepeatsASecretIsNotRepeated) {
  PeerSettings peer;
  peer.endpoint = "http://jaeger/sampling?key=s3cret-s3cret";
  server_.answers.push_back(unavailable("HTTP status 403: who is s3cret-s3cret?"));
  {
    RemoteSampler sampler("x", {.interval = milliseconds(1), .backoff_unit = milliseconds(1)},
                          std::make_unique<ServerSource>(server_), *table_, messages_,
                          Secrets(peer));
    EXPECT_TRUE(comes_true([&] { return server_.times_asked() >= 2; }));
  }
  EXPECT_THAT(messages_.lines(), ElementsAre(HasSubstr("HTTP status 403: who is ...?; ")));
}

TEST_F(RemoteSamplerTest, TooManyOperationsAreSaidOnce) {
  for (const double probability : {0.1, 0.2}) {
    SamplingStrategies many{probability, 0, {}};
    many.operations.assign(SamplingRules::kOperationsMax + 1, {"a", 1});
    server_.answers.push_back(many);
  }
  run_until_asked(3);
  EXPECT_THAT(messages_.lines(), ElementsAre(HasSubstr("more than 64 operations")));
}

// --- who is asked

RemoteSampling remote_at(const std::string& endpoint) {
  RemoteSampling remote;
  EXPECT_TRUE(set_sampling_endpoint(endpoint, remote));
  return remote;
}

TEST(SamplingSource, OverHttpTheServicesStrategiesAreAskedFor) {
  Mutex mutex;
  std::string target;
  int status = 200;
  auto server = net::http::Server::start(
      {.endpoint = "127.0.0.1:0"}, [&](net::http::Request request, net::http::Responder responder) {
        MutexLock lock(mutex);
        target = request.target;
        responder.respond(net::http::text_response(
            status, status == 200 ? R"({"probabilisticSampling":{"samplingRate":0.5}})" : "no\n"));
      });
  ASSERT_TRUE(server.has_value());
  const auto source = make_sampling_source(
      remote_at("http://127.0.0.1:" + std::to_string((*server)->port()) + "/sampling"), "my shop");
  const auto answer = source->ask(kLong);
  ASSERT_TRUE(answer.has_value()) << answer.status().to_string();
  EXPECT_EQ(answer->probability, 0.5);
  {
    MutexLock lock(mutex);
    EXPECT_EQ(target, "/sampling?service=my%20shop");
    status = 404;
  }
  const auto refused = source->ask(kLong);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(), "HTTP status 404: no");
}

TEST(SamplingSource, OverGrpcTheServicesStrategiesAreAskedFor) {
  Mutex mutex;
  std::vector<std::string> asked;
  auto server = net::grpc::Server::start(
      {.endpoint = "127.0.0.1:0"}, [&](net::grpc::Call call, net::grpc::Responder responder) {
        MutexLock lock(mutex);
        asked.push_back(std::string(call.method) + " " + std::string(call.message.view()));
        responder.respond(std::string("\x1a\x02\x08\x07"));
      });
  ASSERT_TRUE(server.has_value()) << server.status().to_string();
  const auto source = make_sampling_source(
      remote_at("http://127.0.0.1:" + std::to_string((*server)->port())), "shop");
  const auto answer = source->ask(kLong);
  ASSERT_TRUE(answer.has_value()) << answer.status().to_string();
  EXPECT_EQ(*answer, (SamplingStrategies{0, 7, {}}));
  MutexLock lock(mutex);
  EXPECT_THAT(asked,
              ElementsAre("/jaeger.api_v2.SamplingManager/GetSamplingStrategy \x0a\x04shop"));
}

TEST(SamplingSource, AServerThatWantsAPathIsSaid) {
  const std::string hint = "; asked over gRPC; over HTTP the endpoint needs its path, as /sampling";
  const auto error_at = [](std::uint16_t port) {
    const auto source =
        make_sampling_source(remote_at("http://127.0.0.1:" + std::to_string(port)), "shop");
    return std::string(source->ask(kLong).status().message());
  };
  auto http = net::http::Server::start({.endpoint = "127.0.0.1:0"},
                                       [](net::http::Request, net::http::Responder responder) {
                                         responder.respond(net::http::text_response(404, "no\n"));
                                       });
  ASSERT_TRUE(http.has_value());
  EXPECT_THAT(error_at((*http)->port()), EndsWith(hint));
  auto other = net::grpc::Server::start(
      {.endpoint = "127.0.0.1:0"}, [](net::grpc::Call, net::grpc::Responder responder) {
        responder.fail(Status(StatusCode::kUnimplemented, "no such method"));
      });
  ASSERT_TRUE(other.has_value());
  EXPECT_THAT(error_at((*other)->port()), EndsWith(hint));
  auto busy = net::grpc::Server::start({.endpoint = "127.0.0.1:0"},
                                       [](net::grpc::Call, net::grpc::Responder responder) {
                                         responder.fail(unavailable("not yet"));
                                       });
  ASSERT_TRUE(busy.has_value());
  EXPECT_THAT(error_at((*busy)->port()), Not(HasSubstr("/sampling")));
}

// Somebody listens, and says nothing.
TEST(SamplingSource, ASilentServerIsNotWaitedForAtTheEnd) {
  auto listening = net::listen_on("127.0.0.1:0");
  ASSERT_TRUE(listening.has_value());
  const std::string address = "http://127.0.0.1:" + std::to_string(listening->port);
  for (const std::string& endpoint : {address, address + "/sampling"}) {
    KeptMessages messages;
    SamplingTable table;
    const auto begun = steady_clock::now();
    {
      RemoteSampler sampler(endpoint, {.interval = kLong, .timeout = kLong},
                            make_sampling_source(remote_at(endpoint), "shop"), table, messages);
      pollfd asked{listening->sockets.at(0).socket.fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
    }
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(2));
    EXPECT_THAT(messages.lines(), IsEmpty());
    EXPECT_EQ(table.rules(), nullptr);
  }
}

}  // namespace
}  // namespace kolben::agent
