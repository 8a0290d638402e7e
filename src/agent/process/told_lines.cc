#include "agent/process/told_lines.h"

#include <algorithm>
#include <utility>

#include "agent/process/line_assembler.h"

namespace kolben::agent {

ToldLines::Told* ToldLines::find(std::uint32_t pid, std::uint32_t tid) {
  const auto found = std::find_if(threads_.begin(), threads_.end(), [=](const Told& told) {
    return told.pid == pid && told.tid == tid;
  });
  return found == threads_.end() ? nullptr : &*found;
}

void ToldLines::tell(std::uint32_t pid, std::uint32_t tid, std::string_view body) {
  Told* told = find(pid, tid);
  if (told == nullptr) {
    if (threads_.size() == kThreadsMax) threads_.pop_front();
    told = &threads_.emplace_back(Told{pid, tid, false, {}, {}});
  }
  told->is_found = false;
  // A program that prints to no terminal leaves the colours of a text out.
  told->text = plain_text(body.substr(0, std::min(body.find('\n'), kTextBytesMax)));
}

std::string_view ToldLines::untold(std::uint32_t pid, std::uint32_t tid, std::string_view bytes) {
  Told* told = find(pid, tid);
  if (told == nullptr) return bytes;
  if (told->is_found) return {};
  if (told->text.empty()) return bytes;
  if (!told->half_line.empty()) {
    given_ = std::exchange(told->half_line, {});
    given_ += bytes;
    bytes = given_;
  }
  // The last one: the same text may have been printed before.
  std::size_t end = bytes.size();
  while (end != 0) {
    const std::size_t newline = bytes.substr(0, end - 1).rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (plain_text(bytes.substr(begin, end - begin)).find(told->text) != std::string::npos) {
      told->is_found = true;
      return bytes.substr(0, begin);
    }
    end = begin;
  }
  // Its end may make it the record's.
  const std::size_t whole = bytes.rfind('\n') + 1;  // npos + 1 is 0
  if (bytes.size() - whole > kHalfLineBytesMax) return bytes;
  told->half_line = bytes.substr(whole);
  return bytes.substr(0, whole);
}

}  // namespace kolben::agent
