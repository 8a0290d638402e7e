// Records as a program could have scribbled them. The first byte picks how: the bytes as a whole
// record; a right header, its type in the second byte, the bytes behind it; or a record whose
// lengths agree and whose texts are the fuzzer's, which comes furthest.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/process/console_format.h"
#include "agent/process/recorder.h"
#include "agent/process/test_ring.h"

namespace {

using namespace kolben::agent;
using kolben::agent::testing::RecordBytes;

constexpr std::size_t kTextBytesMax = 600;

// Formats what it gets, so that all texts are read.
class FormattingExporter final : public Exporter {
 public:
  void export_batch(const kolben::Batch& batch) override {
    for (const ConsoleFormat format : {ConsoleFormat::k1_27, ConsoleFormat::kNewest}) {
      std::string text;
      format_console(batch, format, text);
    }
  }
  void shutdown(std::chrono::steady_clock::time_point) override {}
};

// A record of fixed fields, each any number, and texts as long as the fields say.
class AgreeingRecord {
 public:
  explicit AgreeingRecord(FuzzedDataProvider& input) : input_(input) {}

  std::string exchange(RecordType type) {
    auto fixed = any<Exchange>();
    take(&fixed.local_address_size, 64);
    take(&fixed.peer_address_size, 64);
    take(&fixed.request_head_size);
    take(&fixed.route_size);
    take(&fixed.attributes_size);
    return bytes(type, fixed);
  }
  std::string span() {
    auto fixed = any<SpanRecord>();
    take(&fixed.name_size);
    take(&fixed.status_message_size);
    take(&fixed.attributes_size);
    take(&fixed.events_size);
    return bytes(RecordType::kSpan, fixed);
  }
  std::string measurement() {
    auto fixed = any<Measurement>();
    take(&fixed.name_size);
    take(&fixed.unit_size);
    take(&fixed.description_size);
    take(&fixed.attributes_size);
    return bytes(RecordType::kMeasurement, fixed);
  }
  std::string output() {
    auto fixed = any<Output>();
    take(&fixed.path_size);
    take(&fixed.bytes_size);
    return bytes(RecordType::kOutput, fixed);
  }
  std::string told_text() {
    auto fixed = any<ToldText>();
    fixed.size %= 4 * kTextBytesMax;
    take(&fixed.begin_size);
    return bytes(RecordType::kToldText, fixed);
  }
  std::string piece() {
    auto fixed = any<StreamPiece>();
    fixed.protocol %= 9;  // one more than there are
    fixed.stream %= 4;
    fixed.position = 0;
    take(&fixed.peer_address_size, 64);
    fixed.segment_count = 1;
    StreamSegment segment;
    std::string bytes_seen = input_.ConsumeRandomLengthString(kTextBytesMax);
    segment.seen = static_cast<std::uint32_t>(bytes_seen.size());
    segment.unseen = input_.ConsumeIntegral<std::uint8_t>();
    fixed.bytes_size = segment.seen;
    texts_.append(reinterpret_cast<const char*>(&segment), sizeof segment).append(bytes_seen);
    return bytes(RecordType::kStreamPiece, fixed);
  }
  std::string process_start() {
    auto fixed = any<ProcessStart>();
    take(&fixed.executable_size);
    take(&fixed.service_name_size);
    take(&fixed.resource_attributes_size);
    return bytes(RecordType::kProcessStart, fixed);
  }
  std::string log() {
    auto fixed = any<LogRecordHeader>();
    take(&fixed.body_size);
    take(&fixed.attributes_size);
    return bytes(RecordType::kLog, fixed);
  }

 private:
  template <typename Fixed>
  Fixed any() {
    Fixed fixed;
    input_.ConsumeData(&fixed, sizeof fixed);
    return fixed;
  }
  template <typename Size>
  void take(Size* size, std::size_t most = kTextBytesMax) {
    const std::string text = input_.ConsumeRandomLengthString(most);
    *size = static_cast<Size>(text.size());
    texts_ += text;
  }
  template <typename Fixed>
  std::string bytes(RecordType type, const Fixed& fixed) const {
    return RecordBytes(type).fixed(fixed).text(texts_).bytes();
  }

  FuzzedDataProvider& input_;
  std::string texts_;
};

std::string agreeing_record(FuzzedDataProvider& input) {
  AgreeingRecord record(input);
  switch (input.ConsumeIntegralInRange(0, 8)) {
    case 0:
      return record.exchange(RecordType::kServerExchange);
    case 1:
      return record.exchange(RecordType::kClientExchange);
    case 2:
      return record.span();
    case 3:
      return record.measurement();
    case 4:
      return record.output();
    case 5:
      return record.piece();
    case 6:
      return record.told_text();
    case 7:
      return record.process_start();
    default:
      return record.log();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const Settings settings = read_settings({{"OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup"}});
  FormattingExporter exporter;
  SharedOutput output;
  Recorder recorder(settings, {{&exporter}, {&exporter}, {&exporter}}, output, 0);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  FuzzedDataProvider input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      recorder.handle(bytes.substr(1), 1);
      break;
    case 1:
      recorder.handle(
          RecordBytes(static_cast<RecordType>(data[1] % 17)).text(bytes.substr(2)).bytes(), 1);
      break;
    default:
      // One record after another, as long as there are bytes: lines join, spans share a batch.
      while (input.remaining_bytes() > 0) recorder.handle(agreeing_record(input), 1);
      break;
  }
  recorder.finish(0, 2);
  return 0;
}
