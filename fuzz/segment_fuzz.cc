// The files of the embedded store, with any bytes in them: a log is read again into columns, an
// index is opened and every number in it used.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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
  auto file = std::make_shared<MemoryFile>(bytes);
  if (data[0] % 2 == 0) {
    DuplicateWindow window(1000);
    if (auto replayed = replay(1, file, window)) use((*replayed)->view());
  } else if (auto view = open_index(Bytes::from_string(std::move(bytes)), 1, file)) {
    use(*view);
  }
  return 0;
}
