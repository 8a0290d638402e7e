#include "agent/protocols/redis/reader.h"

#include <algorithm>
#include <charconv>

#include "agent/protocols/redis/framing.h"

namespace kolben::agent::redis {
namespace {

constexpr std::string_view kCounted = "$=!*%~>|";
constexpr std::string_view kTexts = "$=!";
constexpr std::string_view kTypes = "+-:$*_#,(!=%~>|";

}  // namespace

bool Reader::take(std::string_view& bytes) {
  if (failed_) return false;
  if (in_text_) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const std::size_t room = kLineBytesMax - std::min(kLineBytesMax, part_.text.size());
    part_.text.append(bytes.substr(0, std::min(taken, room)));
    bytes.remove_prefix(taken);
    left_ -= taken;
    return end_of_text();
  }
  const std::size_t end = bytes.find('\n');
  const std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
  const std::size_t room = kLineBytesMax - std::min(kLineBytesMax, line_.size());
  line_.append(bytes.substr(0, std::min(taken, room)));
  bytes.remove_prefix(taken);
  if (end == std::string_view::npos) return false;
  return end_of_line();
}

bool Reader::pass(std::uint64_t bytes) {
  // A value, or what is told of an error behind its code.
  const bool in_line = !line_.empty() && kCounted.find(line_[0]) == std::string_view::npos;
  if (in_line) return false;
  if (!in_text_ || bytes > left_) {
    failed_ = true;
    return false;
  }
  left_ -= bytes;
  return end_of_text();
}

bool Reader::end_of_text() {
  if (left_ != 0) return false;
  in_text_ = false;
  if (part_.text.ends_with("\r\n")) part_.text.resize(part_.text.size() - 2);
  return true;
}

bool Reader::end_of_line() {
  std::string_view line = line_;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.empty() || kTypes.find(line[0]) == std::string_view::npos) {
    failed_ = true;
    return false;
  }
  part_.type = line[0];
  part_.number = 0;
  part_.text = line.substr(1);
  line_.clear();
  if (kCounted.find(part_.type) == std::string_view::npos) return true;
  const char* const last = part_.text.data() + part_.text.size();
  const auto [end, error] = std::from_chars(part_.text.data(), last, part_.number);
  const bool fits = error == std::errc() && end == last && part_.number >= -1 &&
                    part_.number <= static_cast<std::int64_t>(kNumberMax);
  if (!fits) {
    failed_ = true;
    return false;
  }
  if (kTexts.find(part_.type) == std::string_view::npos || part_.number < 0) return true;
  part_.text.clear();
  left_ = static_cast<std::uint64_t>(part_.number) + 2;
  in_text_ = true;
  return false;
}

}  // namespace kolben::agent::redis
