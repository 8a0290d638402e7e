#include "agent/process/line_assembler.h"

#include <algorithm>

#include "agent/process/shown_line.h"

namespace kolben::agent {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\x07';

// The position behind the escape sequence that begins at `at`.
std::size_t behind_escape(std::string_view text, std::size_t at) {
  ++at;
  if (at >= text.size()) return at;
  if (text[at] == '[') {
    ++at;
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
    return std::min(at + 1, text.size());
  }
  if (text[at] == ']') {
    const std::size_t bell = text.find(kBell, at);
    const std::size_t string_end = text.find("\x1b\\", at);
    if (bell < string_end) return bell + 1;
    return string_end == std::string_view::npos ? text.size() : string_end + 2;
  }
  return at + 1;
}

}  // namespace

std::string plain_text(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (const std::size_t last = line.rfind('\r'); last != std::string_view::npos) {
    line.remove_prefix(last + 1);
  }
  std::string result;
  result.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == kEscape) {
      at = behind_escape(line, at);
      continue;
    }
    if (!is_control(line[at])) result += line[at];
    ++at;
  }
  return result;
}

std::string without_escapes(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = std::min(text.find(kEscape, at), text.size());
    result += text.substr(at, escape - at);
    at = escape == text.size() ? escape : behind_escape(text, escape);
  }
  return result;
}

LineAssembler::Stream* LineAssembler::find_stream(std::uint32_t pid,
                                                  std::uint32_t file_descriptor) {
  for (Stream& stream : streams_) {
    if (stream.begun.pid == pid && stream.begun.file_descriptor == file_descriptor) return &stream;
  }
  return nullptr;
}

void LineAssembler::give_out(Stream& stream) {
  Line line = stream.begun;
  line.path = stream.path;
  line.text = stream.text;
  if (!stream.is_cut) on_line_(line);
  streams_.erase(streams_.begin() + (&stream - streams_.data()));
}

void LineAssembler::add(std::uint32_t pid, const Output& output, std::string_view path,
                        std::string_view bytes) {
  Line part{pid, output.file_descriptor, output.time, output.context, path, {}};
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    part.text = bytes.substr(0, newline);
    append(part, newline != std::string_view::npos);
    bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
  }
  if (output.bytes_cut == 0) return;
  // What is missing may have been its end: the next one is another line.
  flush_file(pid, output.file_descriptor);
  part.text = {};
  if (output.goes_on != 0) begin(part).is_cut = true;
}

LineAssembler::Stream& LineAssembler::begin(const Line& part) {
  if (streams_.size() >= kStreamsMax) give_out(streams_.front());
  Stream& stream = streams_.emplace_back(Stream{part, std::string(part.path), {}, false});
  stream.begun.path = stream.begun.text = {};
  return stream;
}

void LineAssembler::append(const Line& part, bool ends_line) {
  Stream* stream = find_stream(part.pid, part.file_descriptor);
  if (stream == nullptr && ends_line) return on_line_(part);  // whole, as most are
  if (stream == nullptr) stream = &begin(part);
  if (stream->is_cut) {
    cut_ += part.text.size();
    if (ends_line) give_out(*stream);
    return;
  }
  const std::size_t room = kLineBytesMax - stream->text.size();
  stream->text += part.text.substr(0, room);
  const bool is_full = part.text.size() > room || stream->text.size() == kLineBytesMax;
  if (ends_line || is_full) give_out(*stream);
  if (part.text.size() <= room) return;
  Line rest = part;
  rest.text.remove_prefix(room);
  append(rest, ends_line);
}

void LineAssembler::flush_file(std::uint32_t pid, std::uint32_t file_descriptor) {
  Stream* stream = find_stream(pid, file_descriptor);
  if (stream != nullptr) give_out(*stream);
}

void LineAssembler::flush_process(std::uint32_t pid) {
  for (std::size_t i = 0; i < streams_.size();) {
    if (streams_[i].begun.pid == pid) {
      give_out(streams_[i]);
    } else {
      ++i;
    }
  }
}

void LineAssembler::flush_all() {
  while (!streams_.empty()) give_out(streams_.front());
}

}  // namespace kolben::agent
