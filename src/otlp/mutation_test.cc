// Bytes that went wrong on the way: never a crash, and check() and decode() are of one opinion.
#include <gtest/gtest.h>

#include "base/random.h"
#include "otlp/testing.h"

namespace kolben::otlp {
namespace {

void expect_one_opinion(Signal signal, const std::string& message) {
  const auto items = check(signal, message);
  Batch batch = wire_batch(signal, {message});
  const Status status = decode(batch);
  ASSERT_EQ(items.has_value(), status.is_ok()) << status.to_string();
  if (!items) {
    EXPECT_EQ(items.error().message(), status.message());
    return;
  }
  EXPECT_EQ(batch.items(), *items);
  const std::string bytes = encoded(batch);
  EXPECT_EQ(check(signal, bytes).value_or(0), *items) << "what we write, we read";
  const auto from_json = decode_json(signal, to_json(batch));
  ASSERT_TRUE(from_json) << from_json.error().to_string();
  EXPECT_EQ(from_json->items(), *items);
}

class Mutation : public testing::TestWithParam<Signal> {};

INSTANTIATE_TEST_SUITE_P(Signals, Mutation, testing::ValuesIn(kAllSignals),
                         [](const auto& signal) { return std::string(to_string(signal.param)); });

TEST_P(Mutation, CutAtEveryByte) {
  const std::string whole = golden(GetParam(), ".bin");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_one_opinion(GetParam(), whole.substr(0, size));
  }
}

TEST_P(Mutation, EveryByteReplaced) {
  const std::string whole = golden(GetParam(), ".bin");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int value : {0x00, 0x7f, 0xff}) {
      std::string message = whole;
      message[i] = static_cast<char>(value);
      expect_one_opinion(GetParam(), message);
    }
  }
}

TEST_P(Mutation, RandomDamage) {
  const std::string whole = golden(GetParam(), ".bin");
  Random random(20);
  for (int round = 0; round < 800; ++round) {
    std::string message = whole;
    const std::uint64_t count = 1 + random.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t at = random.below(message.size());
      switch (random.below(3)) {
        case 0:
          message[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          message.erase(at, 1 + random.below(8));
          break;
        default:
          message.insert(at, whole.substr(random.below(whole.size()), random.below(16)));
      }
      if (message.empty()) break;
    }
    expect_one_opinion(GetParam(), message);
  }
}

TEST_P(Mutation, DamagedJsonNeverCrashes) {
  const std::string whole = golden(GetParam(), ".json");
  Random random(21);
  for (int round = 0; round < 500; ++round) {
    std::string text = whole;
    const std::size_t at = random.below(text.size());
    if (round % 2 == 0) {
      text[at] = static_cast<char>(random.below(128));
    } else {
      text.resize(at);
    }
    auto batch = decode_json(GetParam(), text);
    if (!batch) continue;
    EXPECT_EQ(check(GetParam(), encoded(*batch)).value_or(UINT64_MAX), batch->items());
  }
}

}  // namespace
}  // namespace kolben::otlp
