// Where in a conversation of Kafka the Skimmer is.
#pragma once

#include <atomic>
#include <cstdint>

namespace kolben::agent {

// What was asked of late, for whoever reads the answers, in another thread perhaps: by the low bits
// of a request's number, of which the last one is kept.
class KafkaAsked {
 public:
  KafkaAsked() = default;
  KafkaAsked(const KafkaAsked& other) { *this = other; }
  KafkaAsked& operator=(const KafkaAsked& other) {
    for (std::uint32_t i = 0; i < kKept; ++i) slots_[i] = other.slots_[i].load();
    return *this;
  }
  void note(std::uint32_t number, std::uint16_t api, std::uint16_t version) {
    slots_[number % kKept].store(std::uint64_t{number} << 32 | std::uint32_t{api} << 16 | version,
                                 std::memory_order_relaxed);
  }
  // False: not known (any more).
  bool find(std::uint32_t number, std::uint16_t* api, std::uint16_t* version) const {
    const std::uint64_t one = slots_[number % kKept].load(std::memory_order_relaxed);
    *api = static_cast<std::uint16_t>(one >> 16);
    *version = static_cast<std::uint16_t>(one);
    return one != 0 && one >> 32 == number;
  }

 private:
  static constexpr std::uint32_t kKept = 16;  // clients have five under way at a time
  std::atomic<std::uint64_t> slots_[kKept] = {};
};

// Where in the records of a message. Ends are told by what of the message is left behind them.
struct KafkaRecords {
  std::uint32_t end = 0;
  std::uint32_t batch_end = 0;
  std::uint32_t record_end = 0;
  std::uint32_t count = 0;    // of the batch's records that come
  std::uint32_t headers = 0;  // of the record's, that come
  std::uint32_t aborted = 0;  // transactions of the partition, that come
  // What was looked at, see records.h.
  std::uint16_t parts = 0;
  std::uint16_t looks = 0;
  bool is_wanted = false;  // the header's value
  bool is_cut = false;     // something was not looked at
  bool is_whole = false;   // all batches were
};

// Where in a message a direction is.
struct KafkaSide {
  std::uint32_t left = 0;          // of what it is at
  std::uint32_t message_left = 0;  // after its size
  std::uint32_t correlation = 0;
  std::uint32_t count = 0;  // of topics, or of a topic's partitions
  std::uint32_t partition = 0;
  std::uint32_t topics = 0;  // that come
  std::uint16_t error = 0;
  std::uint16_t api = 0;
  std::uint16_t version = 0;
  std::uint8_t step = 0;
  std::uint8_t number_bytes = 0;
  bool is_compact = false;       // a length, a count
  bool in_text = false;          // after its length
  bool ends = false;             // the message did, with what was taken last
  std::uint8_t number[64] = {};  // the longest: a batch's head
  KafkaRecords records;
};

}  // namespace kolben::agent
