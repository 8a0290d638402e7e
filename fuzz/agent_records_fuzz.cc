// Records as a program could have scribbled them: type in the first byte, the rest is the payload;
// and the same bytes as a whole record.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/process/console_format.h"
#include "agent/process/recorder.h"

namespace {

// Formats what it gets, so that all texts are read.
class FormattingExporter final : public kolben::agent::Exporter {
 public:
  void export_batch(const kolben::Batch& batch) override {
    std::string text;
    kolben::agent::format_console(batch, text);
  }
  void shutdown(std::chrono::steady_clock::time_point) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::agent;
  if (size == 0) return 0;
  static const Settings settings = read_settings({{"OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup"}});
  FormattingExporter exporter;
  SharedOutput output;
  Recorder recorder(settings, {{&exporter}, {&exporter}, {&exporter}}, output, 0);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  recorder.handle(bytes, 1);

  RecordHeader header;
  header.size = static_cast<std::uint32_t>(sizeof header + size - 1);
  header.type = static_cast<RecordType>(data[0] % 10);
  std::string record(sizeof header, '\0');
  std::memcpy(record.data(), &header, sizeof header);
  record += bytes.substr(1);
  recorder.handle(record, 1);
  recorder.finish(0, 2);
  return 0;
}
