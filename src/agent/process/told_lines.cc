#include "agent/process/told_lines.h"

#include <algorithm>

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
    told = &threads_.emplace_back(Told{pid, tid, false, {}});
  }
  told->is_found = false;
  told->text = body.substr(0, std::min(body.find('\n'), kTextBytesMax));
}

std::string_view ToldLines::untold(std::uint32_t pid, std::uint32_t tid, std::string_view bytes) {
  Told* told = find(pid, tid);
  if (told == nullptr) return bytes;
  if (told->is_found) return {};
  if (told->text.empty()) return bytes;
  // The last one: the same text may have been printed before.
  const std::size_t at = bytes.rfind(told->text);
  if (at == std::string_view::npos) return bytes;
  told->is_found = true;
  const std::size_t newline = bytes.substr(0, at).rfind('\n');
  return bytes.substr(0, newline == std::string_view::npos ? 0 : newline + 1);
}

}  // namespace kolben::agent
