#include "exporters/otlp/otlp.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml.h"
#include "net/grpc/server.h"
#include "otlp/service.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::exporters::otlp {
namespace {

// A peer that notes what it is sent and answers as it is told.
class Peer {
 public:
  Peer() {
    auto started = net::grpc::Server::start(
        {.endpoint = "127.0.0.1:0", .encode_status_details = &kolben::otlp::encode_rpc_status},
        [this](net::grpc::Call call, net::grpc::Responder responder) {
          const MutexLock lock(mutex_);
          calls_.push_back(call);
          arrived_.notify_all();
          if (!answers_.empty()) {
            Status answer = answers_.front();
            answers_.erase(answers_.begin());
            if (!answer.is_ok()) return responder.fail(std::move(answer));
          }
          responder.respond("");
        });
    EXPECT_TRUE(started.has_value());
    server_ = std::move(started).value();
  }
  ~Peer() { server_->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5)); }

  std::string endpoint() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  void answer_next_with(Status status) {
    const MutexLock lock(mutex_);
    answers_.push_back(std::move(status));
  }
  std::vector<net::grpc::Call> wait_for(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const MutexLock lock(mutex_);
    while (calls_.size() < count && std::chrono::steady_clock::now() < deadline) {
      arrived_.wait_for(mutex_, std::chrono::milliseconds(100));
    }
    return calls_;
  }

 private:
  Mutex mutex_;
  CondVar arrived_;
  std::vector<net::grpc::Call> calls_;
  std::vector<Status> answers_;
  std::unique_ptr<net::grpc::Server> server_;
};

// Resolved receipts, waited for.
class Outcome {
 public:
  pipeline::Receipt receipt() {
    return pipeline::Receipt([this](Status status) {
      const MutexLock lock(mutex_);
      status_ = std::move(status);
      resolved_.notify_all();
    });
  }
  Status wait() {
    const MutexLock lock(mutex_);
    while (!status_) resolved_.wait(mutex_);
    return *status_;
  }
  bool wait_for(std::chrono::milliseconds time) {
    const MutexLock lock(mutex_);
    if (!status_) resolved_.wait_for(mutex_, time);
    return status_.has_value();
  }

 private:
  Mutex mutex_;
  CondVar resolved_;
  std::optional<Status> status_;
};

class OtlpExporterTest : public testing::Test {
 protected:
  void start(const std::string& extra) {
    node = config::parse_yaml("endpoint: " + peer.endpoint() + "\ntls: {insecure: true}\n" + extra,
                              "test.yaml", errors);
    pipeline::CreateContext context{"otlp/x", node, errors, {}};
    exporter = create(context);
    ASSERT_TRUE(errors.empty()) << errors.to_string();
    ASSERT_TRUE(exporter->start(host).is_ok());
  }
  void TearDown() override {
    if (exporter) exporter->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }
  static Batch batch_of(std::string message) {
    WirePiece piece;
    piece.message = Bytes::from_string(std::move(message));
    std::vector<WirePiece> pieces;
    pieces.push_back(std::move(piece));
    return Batch::from_wire(Signal::kTraces, std::move(pieces), 1);
  }

  Peer peer;
  config::Errors errors;
  config::Node node;
  pipeline::testing::FakeHost host;
  std::unique_ptr<pipeline::Exporter> exporter;
};

TEST_F(OtlpExporterTest, SendsTheBytesAsTheyCameWithItsHeaders) {
  start("compression: none\nheaders: {Authorization: Bearer secret}\n");
  ASSERT_TRUE(exporter->consume({batch_of("bytes"), pipeline::Receipt()}).is_ok());
  const auto calls = peer.wait_for(1);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].message.view(), "bytes");
  EXPECT_EQ(calls[0].method, kolben::otlp::grpc_method(Signal::kTraces));
  bool has_token = false;
  for (const auto& [name, value] : calls[0].metadata) {
    has_token |= name == "authorization" && value == "Bearer secret";
  }
  EXPECT_TRUE(has_token);
}

TEST_F(OtlpExporterTest, CompressesByDefault) {
  start("");
  ASSERT_TRUE(exporter->consume({batch_of("bytes"), pipeline::Receipt()}).is_ok());
  const auto calls = peer.wait_for(1);
  ASSERT_EQ(calls.size(), 1U);
  const auto plain = calls[0].compression == wire::Compression::kNone
                         ? Result<std::string>(std::string(calls[0].message.view()))
                         : wire::decompress(calls[0].compression, calls[0].message.view(), 1000);
  EXPECT_EQ(*plain, "bytes");
}

TEST_F(OtlpExporterTest, TriesAgainWhatMayHelp) {
  start("retry_on_failure: {initial_interval: 10ms}\nsending_queue: {wait_for_result: true}\n");
  peer.answer_next_with(unavailable("restarting"));
  Outcome outcome;
  ASSERT_TRUE(exporter->consume({batch_of("bytes"), outcome.receipt()}).is_ok());
  while (!outcome.wait_for(std::chrono::milliseconds(20))) {
    host.manual_clock().advance_nanos(20'000'000);  // the pause before the second try passes
  }
  EXPECT_TRUE(outcome.wait().is_ok());
  EXPECT_EQ(peer.wait_for(2).size(), 2U);
}

TEST_F(OtlpExporterTest, GivesUpWhatCanNot) {
  start("sending_queue: {wait_for_result: true}\n");
  peer.answer_next_with(invalid_argument("bad data"));
  Outcome outcome;
  ASSERT_TRUE(exporter->consume({batch_of("bytes"), outcome.receipt()}).is_ok());
  EXPECT_EQ(outcome.wait().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(host.metric("otelcol_exporter_send_failed_spans"), 1);
}

TEST(OtlpExporterConfig, AMissingEndpointIsNamed) {
  config::Errors errors;
  const config::Node node = config::parse_yaml("timeout: 1s", "test.yaml", errors);
  pipeline::CreateContext context{"otlp", node, errors, {}};
  create(context);
  EXPECT_NE(errors.to_string().find("endpoint"), std::string::npos);
}

}  // namespace
}  // namespace kolben::exporters::otlp
