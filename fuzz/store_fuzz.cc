// The small files of the embedded store, with any bytes in them: a log segment is read again, a
// manifest and a list of deleted rows are decoded. Parts have a harness of their own.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "storage/engine/deleted_rows.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/manifest.h"
#include "storage/engine/record_log.h"
#include "storage/engine/walk.h"
#include "storage/engine/writer.h"

namespace {

using namespace kolben;
using namespace kolben::storage::engine;

// A file that is bytes in memory.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
  Status write_at(std::uint64_t, std::span<const std::string_view>) override {
    return unimplemented("write");
  }
  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    return offset >= bytes_.size() ? 0 : bytes_.copy(buffer, size, offset);
  }
  Status sync() override { return Status::ok(); }
  Status truncate(std::uint64_t) override { return Status::ok(); }
  Status allocate(std::uint64_t) override { return Status::ok(); }
  Result<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
};

void read_log(std::string_view bytes) {
  const MemoryFile file(bytes);
  DuplicateWindow window(1000);
  Walked walked;
  LogScan scan;
  VisitRecord visit = [&](const RecordHeader& header, std::string_view body) {
    if (header.signal < 1 || header.signal > 3) return Status::ok();
    if (!walk(static_cast<Signal>(header.signal), body, walked)) return Status::ok();
    const auto request =
        make_request(header, Bytes::from_string(std::string(body)), walked, window);
    KOLBEN_CHECK(request->items + request->copies == walked.items);
    return Status::ok();
  };
  KOLBEN_CHECK(scan_log(file, 0, scan, visit).is_ok());
  KOLBEN_CHECK(scan.valid_bytes <= bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_log(bytes);
      break;
    case 1:
      if (const auto manifest = decode_manifest(bytes)) {
        KOLBEN_CHECK(*decode_manifest(encode_manifest(*manifest)) == *manifest);
      }
      break;
    default:
      if (const auto file = decode_deleted(bytes)) {
        KOLBEN_CHECK(decode_deleted(encode_deleted(file->part, file->rows))->rows.size() ==
                     file->rows.size());
      }
  }
  return 0;
}
