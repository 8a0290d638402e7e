#include "agent/protocols/kafka/records_reader.h"

#include <algorithm>
#include <utility>

#include "agent/protocols/kafka/records.h"

namespace kolben::agent::kafka {
namespace {

std::uint64_t long_of(const std::uint8_t* bytes) {
  return std::uint64_t{number_of(bytes, 4)} << 32U | number_of(bytes + 4, 4);
}

}  // namespace

void RecordsReader::take_text(Step step, const char* bytes, std::size_t size) {
  if (step == Step::kAnswerTopicName && topic_text_.size() < kTextBytesKept) {
    topic_text_.append(bytes, size);
  }
  if (step == Step::kHeaderName) name_.append(bytes, size);
  if (step == Step::kHeaderValue) value_.append(bytes, size);
}

void RecordsReader::take(Event event, const KafkaSide& side) {
  switch (event) {
    case Event::kTopic:
      topic_ = std::exchange(topic_text_, {});
      break;
    case Event::kPartition:
      aborted_.clear();
      break;
    case Event::kTransaction:
      aborted_.push_back({long_of(side.number), long_of(side.number + 8)});
      break;
    case Event::kBatch:
      batch(side);
      break;
    case Event::kRecord:
      end_record();
      if (!is_aborted_) ++read_;
      break;
    case Event::kRecordHeader:
      note_line();
      break;
    default:
      break;
  }
  if (static_cast<Step>(side.step) == Step::kHeaderNameSize) name_.clear();  // another comes
}

void RecordsReader::batch(const KafkaSide& side) {
  end_record();
  const std::uint8_t* const head = side.number;
  const std::uint32_t attributes = number_of(head + kBatchAttributesAt, 2);
  const std::uint32_t count = number_of(head + kBatchCountAt, 4);
  const std::uint64_t base = long_of(head);
  const std::uint64_t last = base + number_of(head + kBatchLastOffsetAt, 4);
  const auto aborted = find_aborted(long_of(head + kBatchProducerAt), last);
  is_aborted_ = (attributes & kIsTransactional) != 0 && aborted != aborted_.end();
  if ((attributes & kIsControl) != 0) {
    if (is_aborted_) aborted_.erase(aborted);  // here it ends
    return;
  }
  constexpr std::uint32_t kCountMax = INT32_MAX;
  if (is_aborted_ || count == 0 || count > kCountMax) return;
  messages_ += count;
  if ((attributes & kCompressionMask) == 0) readable_ += count;
  offset_ = last == base ? static_cast<std::int64_t>(base) : -1;
  note_place(side.partition);
}

void RecordsReader::note_place(std::int64_t partition) {
  if (has_records_ && topic_ != topic_of_records_) has_topics_ = true;
  if (has_records_ && partition != partition_) has_partitions_ = true;
  has_records_ = true;
  topic_of_records_ = topic_;
  partition_ = partition;
}

std::vector<RecordsReader::Transaction>::iterator RecordsReader::find_aborted(
    std::uint64_t producer, std::uint64_t offset) {
  return std::find_if(aborted_.begin(), aborted_.end(), [&](const Transaction& one) {
    return one.producer == producer && one.first_offset <= offset;
  });
}

// A value that could end a line is none.
void RecordsReader::note_line() {
  const std::string name = std::exchange(name_, {});
  const std::string value = std::exchange(value_, {});
  const std::size_t size = name.size() + value.size() + 2;
  if (value.find('\n') != std::string::npos || lines_.size() + size > kContextLinesMax) return;
  lines_.append(name).append(":").append(value).append("\n");
}

void RecordsReader::end_record() {
  const std::string lines = std::exchange(lines_, {});
  if (lines.empty() || is_aborted_) return;
  if (std::find(contexts_.begin(), contexts_.end(), lines) != contexts_.end()) return;
  if (contexts_.size() < kContextsMax) {
    contexts_.push_back(lines);
  } else {
    ++contexts_dropped_;
  }
}

void RecordsReader::finish(const KafkaSide& side, MessagingCall& call) {
  end_record();
  if (side.records.is_whole) call.messages = static_cast<std::int64_t>(messages_);
  if (!call.sends && side.records.is_whole && messages_ == 1) call.offset = offset_;
  // Those behind the ones that were looked at have contexts too, if these had.
  if (!contexts_.empty() && readable_ > read_) contexts_dropped_ += readable_ - read_;
  call.contexts = std::move(contexts_);
  call.contexts_dropped =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(contexts_dropped_, UINT32_MAX));
  if (call.sends || !has_records_ || has_topics_) return;
  if (call.destination.empty()) call.destination = topic_of_records_;
  if (!call.destination.empty() && !has_partitions_) call.partition = partition_;
}

}  // namespace kolben::agent::kafka
