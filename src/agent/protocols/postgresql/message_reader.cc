#include "agent/protocols/postgresql/message_reader.h"

#include <algorithm>

namespace kolben::agent::postgresql {
namespace {

constexpr std::size_t kTypedHeaderBytes = 5;
constexpr std::size_t kUntypedHeaderBytes = 8;

std::uint32_t number_of(std::string_view bytes) {
  return big_endian32(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

}  // namespace

bool MessageReader::fill_header(std::string_view& bytes, std::size_t size) {
  const std::size_t taken = std::min(size - header_.size(), bytes.size());
  header_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  return header_.size() == size;
}

// False: the header makes no sense.
bool MessageReader::begin_content(bool is_typed) {
  const std::string_view header = header_;
  const std::uint32_t length = number_of(header.substr(is_typed ? 1 : 0));
  const bool fits = is_typed ? length >= 4 && length <= kMessageBytesMax
                             : length >= 8 && length <= kStartupBytesMax;
  if (!fits) return false;
  message_.type = is_typed ? header[0] : '\0';
  message_.content.clear();
  // The code of an untyped message is its content's first bytes.
  if (!is_typed) message_.content = header.substr(4);
  left_ = length - (is_typed ? 4 : 8);
  header_.clear();
  in_content_ = true;
  return true;
}

bool MessageReader::take(std::string_view& bytes, bool is_typed) {
  if (failed_) return false;
  if (!in_content_) {
    if (!fill_header(bytes, is_typed ? kTypedHeaderBytes : kUntypedHeaderBytes)) return false;
    if (!begin_content(is_typed)) {
      failed_ = true;
      return false;
    }
  }
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  // No more than the Skimmer shows, whoever has sent this.
  const std::size_t room =
      kStartupBytesMax - std::min<std::size_t>(kStartupBytesMax, message_.content.size());
  message_.content.append(bytes.substr(0, std::min(taken, room)));
  bytes.remove_prefix(taken);
  left_ -= taken;
  in_content_ = left_ != 0;
  return !in_content_;
}

bool MessageReader::pass(std::uint64_t bytes) {
  if (!in_content_) {
    failed_ = failed_ || !header_.empty();
    return false;
  }
  left_ -= std::min(left_, bytes);
  in_content_ = left_ != 0;
  return !in_content_;
}

}  // namespace kolben::agent::postgresql
