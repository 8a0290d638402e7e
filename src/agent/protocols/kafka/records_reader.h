// What the records of a Produce, or of the answer to a Fetch, say of the call: how many there are,
// of which topic and partition, and whose contexts their headers carry. In the agent process.
//
// Records of an aborted transaction are none where the broker names it: it does so to who reads
// only what is committed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/protocols/kafka/framing.h"
#include "agent/protocols/messaging_call.h"

namespace kolben::agent::kafka {

// Of one call, of those that are not the same; and of one record's.
inline constexpr std::size_t kContextsMax = 32;
inline constexpr std::size_t kContextLinesMax = 256;

class RecordsReader {
 public:
  void begin() { *this = RecordsReader(); }
  // Of what is shown of this step.
  void take_text(Step step, const char* bytes, std::size_t size);
  // What it has come to.
  void take(Event event, const KafkaSide& side);
  // At the message's end.
  void finish(const KafkaSide& side, MessagingCall& call);

 private:
  struct Transaction {
    std::uint64_t producer = 0;
    std::uint64_t first_offset = 0;
  };

  void batch(const KafkaSide& side);
  void note_place(std::int64_t partition);
  std::vector<Transaction>::iterator find_aborted(std::uint64_t producer, std::uint64_t offset);
  void note_line();
  void end_record();

  std::string topic_text_, topic_, topic_of_records_;
  std::int64_t partition_ = -1;  // of the records
  bool has_records_ = false;
  bool has_topics_ = false;  // several
  bool has_partitions_ = false;
  bool is_aborted_ = false;  // the batch
  std::uint64_t messages_ = 0;
  std::uint64_t readable_ = 0;  // of these, not compressed
  std::uint64_t read_ = 0;      // of these, looked at
  std::int64_t offset_ = -1;
  std::vector<Transaction> aborted_;  // of the partition
  std::string name_, value_, lines_;
  std::vector<std::string> contexts_;
  std::uint64_t contexts_dropped_ = 0;
};

}  // namespace kolben::agent::kafka
