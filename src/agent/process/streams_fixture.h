// Records of connections in other protocols, and the spans that they become. For tests.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "agent/process/recorder.h"
#include "agent/process/test_ring.h"

namespace kolben::agent::testing {

class KeptBatches final : public Exporter {
 public:
  void export_batch(const Batch& batch) override { batches.push_back(batch.clone()); }
  void shutdown(std::chrono::steady_clock::time_point) override {}
  std::vector<Batch> batches;
};

inline const std::string kGet = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
inline const std::string kNull = "$-1\r\n";

inline std::string int32(std::size_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

class StreamsTest : public ::testing::Test {
 protected:
  explicit StreamsTest(Environment environment = {}) : settings_(read_settings(environment)) {}

  void handle(const RecordBytes& record) { recorder_.handle(record.bytes(), kTime); }
  void client(const std::string& bytes, std::uint32_t stream = 1) { say(0, bytes, stream); }
  void server(const std::string& bytes, std::uint32_t stream = 1) { say(1, bytes, stream); }
  void say(std::uint8_t direction, const std::string& bytes, std::uint32_t stream) {
    piece_.bytes = bytes;
    piece_.direction = direction;
    piece_.stream = stream;
    piece_.position = positions_[direction];
    piece_.time += 1'000'000;
    positions_[direction] += bytes.size();
    handle(piece_record(piece_));
  }

  std::vector<Span> spans() {
    recorder_.tick(0, kTime + 1'000'000'000);
    std::vector<Span> result;
    for (const Batch& batch : traces_.batches) {
      for (const Span& span : batch.traces().resources[0].scopes[0].spans) result.push_back(span);
    }
    return result;
  }
  static std::string listed(const Attributes& attributes) {
    std::string text;
    for (const KeyValue& attribute : attributes) {
      text.append(attribute.key).append("=");
      if (attribute.value.type() == ValueType::kString) text += attribute.value.as_string();
      if (attribute.value.type() == ValueType::kInt) {
        text += std::to_string(attribute.value.as_int());
      }
      text += '\n';
    }
    return text;
  }

  // A query of PostgreSQL that fails.
  void postgresql_error() {
    piece_.protocol = 1;
    piece_.peer_port = 5432;
    const std::string who = int32(196608) + std::string("user\0ada\0database\0shop\0\0", 24);
    client(int32(who.size() + 4) + who);
    server("Z" + int32(5) + "I");
    const std::string query = std::string("SELECT * FROM users WHERE id = 7") + '\0';
    client("Q" + int32(query.size() + 4) + query);
    const std::string error = std::string("SERROR\0C42P01\0\0", 15);
    server("E" + int32(error.size() + 4) + error);
    server("Z" + int32(5) + "I");
  }

  Settings settings_;
  SharedOutput output_;
  KeptBatches traces_, metrics_;
  Recorder recorder_{settings_, {{&traces_}, {&metrics_}, {}}, output_, kTime};
  TestPiece piece_;
  std::uint64_t positions_[2] = {};
};

class StableStreamsTest : public StreamsTest {
 protected:
  StableStreamsTest() : StreamsTest({{"OTEL_SEMCONV_STABILITY_OPT_IN", "database"}}) {}
};

// A client's connection of HTTP/2 with one request whose header block is `fields`, none of them
// indexed, each shorter than 127 bytes; and the answer of the same kind.
inline std::string frame(char type, char flags, char stream, const std::string& payload) {
  return int32(payload.size()).substr(1) + type + flags + std::string(3, '\0') + stream + payload;
}
inline std::string block(std::initializer_list<std::pair<std::string, std::string>> fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes += '\0';
    bytes += static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
  }
  return bytes;
}
inline constexpr char kEndOfBoth = 5;  // END_STREAM and END_HEADERS

}  // namespace kolben::agent::testing
