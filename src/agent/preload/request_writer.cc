#include "agent/preload/request_writer.h"

#include <cstring>

namespace kolben::agent {

EditedWrite take_edited(const RequestEdit* edits, std::uint32_t count, std::uint64_t base,
                        std::size_t written) {
  EditedWrite result;
  std::size_t left = written;
  for (; result.edits_done < count; ++result.edits_done) {
    const RequestEdit& edit = edits[result.edits_done];
    const auto before = static_cast<std::size_t>(edit.position - base) - result.taken;
    if (left <= before) break;
    left -= before;
    result.taken += before;
    const auto ours = static_cast<std::size_t>(edit.to - edit.from);
    if (left < ours) {
      result.edit_sent = static_cast<std::uint16_t>(left);
      if (edit.keeps_size) result.taken += left;
      return result;
    }
    left -= ours;
    result.taken += edit.replaced;
  }
  result.taken += left;
  return result;
}

int splice_edits(const iovec* pieces, int count, const RequestEdit* edits, std::uint32_t edit_count,
                 std::uint64_t base, iovec* result) {
  int made = 0;
  std::uint64_t position = base;  // of the piece's byte `offset`
  std::uint32_t next = 0;
  std::size_t skipped = 0;  // bytes of an edit that is placed
  for (int i = 0; i < count; ++i) {
    auto* bytes = static_cast<std::uint8_t*>(pieces[i].iov_base);
    std::size_t size = pieces[i].iov_len;
    while (size != 0) {
      if (skipped != 0) {
        const std::size_t run = skipped < size ? skipped : size;
        skipped -= run;
        bytes += run;
        size -= run;
        position += run;
        continue;
      }
      const bool is_here = next < edit_count && edits[next].position < position + size;
      const std::size_t run =
          is_here ? static_cast<std::size_t>(edits[next].position - position) : size;
      if (run != 0) result[made++] = {bytes, run};
      bytes += run;
      size -= run;
      position += run;
      if (!is_here) continue;
      const RequestEdit& edit = edits[next++];
      const auto ours = static_cast<std::size_t>(edit.to - edit.from);
      if (ours != 0) result[made++] = {const_cast<std::uint8_t*>(edit.bytes + edit.from), ours};
      skipped = edit.replaced;
    }
  }
  return made;
}

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

class LiteralWriter {
 public:
  LiteralWriter(std::uint8_t* to, std::size_t room) : to_(to), room_(room) {}

  void byte(std::uint8_t value) {
    if (size_ < room_) to_[size_] = value;
    ++size_;
  }
  // RFC 7541, 5.1 and 5.2, not Huffman-coded.
  void length(std::size_t value) {
    constexpr std::uint8_t kPrefixMax = 127;
    if (value < kPrefixMax) return byte(static_cast<std::uint8_t>(value));
    byte(kPrefixMax);
    for (value -= kPrefixMax; value >= 128; value /= 128) {
      byte(static_cast<std::uint8_t>(value % 128 | 128));
    }
    byte(static_cast<std::uint8_t>(value));
  }
  // 0: there was no room.
  std::size_t size() const { return size_ <= room_ ? size_ : 0; }

 private:
  std::uint8_t* to_;
  std::size_t room_;
  std::size_t size_ = 0;
};

}  // namespace

std::size_t literals_of(const char* lines, std::size_t size, std::uint8_t* to, std::size_t room) {
  LiteralWriter writer(to, room);
  const char* const end = lines + size;
  while (lines != end) {
    const auto left = static_cast<std::size_t>(end - lines);
    const void* line_end = std::memchr(lines, '\n', left);
    const void* colon = std::memchr(lines, ':', left);
    if (line_end == nullptr || colon == nullptr || colon > line_end) return 0;
    const auto* name_end = static_cast<const char*>(colon);
    const char* value = name_end + 1;
    const auto* value_end = static_cast<const char*>(line_end);
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (value != value_end && is_blank(*value)) ++value;
    const char* next = value_end + 1;
    while (value_end != value && is_blank(value_end[-1])) --value_end;
    writer.byte(0);
    writer.length(static_cast<std::size_t>(name_end - lines));
    for (const char* c = lines; c != name_end; ++c) {
      writer.byte(static_cast<std::uint8_t>(lower(*c)));
    }
    writer.length(static_cast<std::size_t>(value_end - value));
    for (const char* c = value; c != value_end; ++c) writer.byte(static_cast<std::uint8_t>(*c));
    lines = next;
  }
  return writer.size();
}

}  // namespace kolben::agent
