// The files of the embedded store, with any bytes in them: a log is read again into columns, an
// index is opened and every number in it used. The first byte picks which, and whether the
// checksums are made right first: without that no change would come past them.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "storage/engine/format.h"
#include "storage/engine/index_reader.h"
#include "storage/engine/recovery.h"
#include "storage/engine/trace_finder.h"

namespace {

using namespace kolben;
using namespace kolben::storage::engine;

// A file that is bytes in memory.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
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

template <typename T>
T read(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void mend_log(std::string& log) {
  constexpr std::size_t kCrcEnd = offsetof(RecordHeader, crc) + sizeof(RecordHeader::crc);
  for (std::size_t at = 0; at + sizeof(RecordHeader) <= log.size(); at += 8) {
    auto header = read<RecordHeader>(log, at);
    const std::size_t left = log.size() - at - sizeof header;
    if (header.magic != kRecordMagic || header.body_bytes > left) continue;
    header.crc = crc32c(
        std::string_view(log).substr(at + kCrcEnd, sizeof header - kCrcEnd + header.body_bytes));
    std::memcpy(log.data() + at, &header, sizeof header);
  }
}

void mend_index(std::string& index) {
  if (index.size() < sizeof(IndexHeader)) return;
  auto header = read<IndexHeader>(index, 0);
  header.magic = kIndexMagic;
  header.version = kFormatVersion;
  header.file_bytes = index.size();
  header.sections %= (index.size() - sizeof header) / sizeof(SectionEntry) + 1;
  header.directory_crc =
      crc32c(std::string_view(index).substr(sizeof header, header.sections * sizeof(SectionEntry)));
  std::memcpy(index.data(), &header, sizeof header);
  header.header_crc = crc32c(std::string_view(index).substr(0, offsetof(IndexHeader, header_crc)));
  std::memcpy(index.data(), &header, sizeof header);
}

void use(const std::shared_ptr<const SegmentView>& view) {
  const Views views = {view};
  const TraceFinder finder(views);
  for (std::size_t row = 0; row < view->spans.size(); ++row) {
    static_cast<void>(finder.summary(view->spans.trace_id[row]));
    static_cast<void>(view->context(view->spans.context[row]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_log = (data[0] & 1) == 0;
  if ((data[0] & 2) == 0) (is_log ? mend_log : mend_index)(bytes);
  auto file = std::make_shared<MemoryFile>(bytes);
  if (is_log) {
    DuplicateWindow window(1000);
    if (auto replayed = replay(1, file, window)) use((*replayed)->view());
  } else if (auto view = open_index(Bytes::from_string(std::move(bytes)), 1, file)) {
    use(*view);
  }
  return 0;
}
