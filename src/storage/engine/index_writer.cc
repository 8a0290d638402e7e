#include "storage/engine/index_writer.h"

#include "base/hash.h"

namespace kolben::storage::engine {
namespace {

constexpr std::uint64_t kSectionAlignment = 8;
constexpr char kPadding[kSectionAlignment] = {};

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

std::vector<std::string_view>& IndexWriter::begin(Section section) {
  return parts_.emplace_back(Part{section, {}}).slices;
}

void IndexWriter::add_texts(Section ends, Section bytes, const Texts& texts) {
  std::vector<std::uint32_t>& text_ends = ends_.emplace_back();
  std::vector<std::string_view>& slices = begin(bytes);
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    end += static_cast<std::uint32_t>(texts[i].size());
    text_ends.push_back(end);
    if (!texts[i].empty()) slices.push_back(texts[i]);
  }
  begin(ends).emplace_back(reinterpret_cast<const char*>(text_ends.data()),
                           text_ends.size() * sizeof(std::uint32_t));
}

Status IndexWriter::write(FileSystem& files, const std::string& path) {
  IndexHeader header;
  header.sections = static_cast<std::uint32_t>(parts_.size());
  std::vector<SectionEntry> directory;
  std::vector<std::string_view> slices(2);  // header and directory come first
  std::uint64_t offset = sizeof header + parts_.size() * sizeof(SectionEntry);
  for (const Part& part : parts_) {
    SectionEntry entry{.id = static_cast<std::uint32_t>(part.section), .offset = offset};
    for (const std::string_view slice : part.slices) {
      entry.crc = crc32c(slice, entry.crc);
      entry.bytes += slice.size();
      slices.push_back(slice);
    }
    const std::uint64_t padding = (kSectionAlignment - entry.bytes % kSectionAlignment) % 8;
    if (padding > 0) slices.emplace_back(kPadding, padding);
    offset += entry.bytes + padding;
    directory.push_back(entry);
  }
  const std::string_view entries(reinterpret_cast<const char*>(directory.data()),
                                 directory.size() * sizeof(SectionEntry));
  header.file_bytes = offset;
  header.directory_crc = crc32c(entries);
  header.header_crc = crc32c(bytes_of(header).substr(0, offsetof(IndexHeader, header_crc)));
  slices[0] = bytes_of(header);
  slices[1] = entries;
  return replace_file(files, path, slices);
}

}  // namespace kolben::storage::engine
