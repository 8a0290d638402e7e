#include "agent/process/told_lines.h"

#include <algorithm>
#include <utility>

#include "agent/process/line_assembler.h"

namespace kolben::agent {
namespace {

// Where in a write a text of `size` bytes stands that begins so; npos: it does not.
std::size_t find_text(std::string_view bytes, std::size_t cut, std::string_view begin,
                      std::size_t size) {
  // A handler writes what it has at once: nothing is behind it but the line's end.
  for (const std::size_t end : {1u, 0u}) {
    if (bytes.size() + cut < size + end) continue;
    if (end == 1 && cut == 0 && !bytes.ends_with('\n')) continue;
    const std::size_t at = bytes.size() + cut - size - end;
    if (at <= bytes.size() && bytes.substr(at).starts_with(begin)) return at;
  }
  // Or it goes on in the next write.
  return size >= bytes.size() ? bytes.find(begin) : bytes.rfind(begin);
}

}  // namespace

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
    told = &threads_.emplace_back(Told{pid, tid, false, {}, {}, {}, 0, 0});
  }
  told->is_found = false;
  told->size = told->left = 0;
  // A program that prints to no terminal leaves the colours of a text out.
  told->text = plain_text(body.substr(0, std::min(body.find('\n'), kTextBytesMax)));
}

void ToldLines::tell_text(std::uint32_t pid, std::uint32_t tid, std::string_view begin,
                          std::size_t size) {
  Told* told = find(pid, tid);
  if (told == nullptr) return;
  told->is_found = false;
  told->begin = begin.substr(0, kTextBytesMax);
  told->size = size;
  told->left = 0;
}

// What is missing of a write is the text's as far as that goes on.
void ToldLines::pass_cut(Told& told, std::uint32_t& cut) {
  if (told.left == 0) return;
  told.left -= std::min<std::size_t>(told.left, cut);
  cut = 0;
}

// The text's rest, of a write that did not hold all of it, or the line's end alone.
std::string_view ToldLines::without_rest(Told& told, std::string_view bytes) {
  if (told.left == 0) return bytes;
  const std::size_t taken = std::min(told.left - 1, bytes.size());
  told.left -= taken;
  bytes.remove_prefix(taken);
  if (bytes.empty()) return bytes;
  told.left = 0;
  if (bytes.starts_with('\n')) bytes.remove_prefix(1);
  return bytes;
}

std::string_view ToldLines::without_text(Told& told, std::string_view bytes, std::size_t at) {
  told.left = std::exchange(told.size, 0) + 1;
  const std::string_view behind = without_rest(told, bytes.substr(at));
  // What was printed before and has no end: the record is on a line of its own.
  std::string kept(bytes.substr(0, at));
  kept += '\n';
  kept += behind;
  given_ = std::move(kept);
  return given_;
}

std::string_view ToldLines::untold(std::uint32_t pid, std::uint32_t tid, std::string_view bytes,
                                   std::uint32_t& cut) {
  Told* told = find(pid, tid);
  if (told == nullptr) return bytes;
  bytes = without_rest(*told, bytes);
  if (bytes.empty()) {
    pass_cut(*told, cut);
    return {};
  }
  if (!told->half_line.empty()) {
    given_ = std::exchange(told->half_line, {});
    given_ += bytes;
    bytes = given_;
  }
  if (told->size != 0) {
    const std::size_t at = find_text(bytes, cut, told->begin, told->size);
    if (at != std::string_view::npos) {
      const std::string_view rest = without_text(*told, bytes, at);
      pass_cut(*told, cut);
      return rest;
    }
  }
  if (told->is_found) {
    cut = 0;
    return {};
  }
  if (told->text.empty()) return bytes;
  // The last one: the same text may have been printed before.
  std::size_t end = bytes.size();
  while (end != 0) {
    const std::size_t newline = bytes.substr(0, end - 1).rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (plain_text(bytes.substr(begin, end - begin)).find(told->text) != std::string::npos) {
      told->is_found = true;
      cut = 0;
      return bytes.substr(0, begin);
    }
    end = begin;
  }
  // Its end may make it the record's. Of one that was cut none comes.
  if (cut != 0) return bytes;
  const std::size_t whole = bytes.rfind('\n') + 1;  // npos + 1 is 0
  if (bytes.size() - whole > kHalfLineBytesMax) return bytes;
  told->half_line = bytes.substr(whole);
  return bytes.substr(0, whole);
}

}  // namespace kolben::agent
