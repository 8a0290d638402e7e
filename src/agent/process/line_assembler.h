// LineAssembler: what programs write to their file descriptors 1 and 2, and to named files, as it
// comes -> lines. A write may hold half a line or a hundred. One thread.
//
// A write of which not all is there may have been cut within a line: the rest of that one, which
// the next write brings, is no line of its own, and counted.
//
// Bounds: a line is at most kLineBytesMax long (the rest is the next line), and at most
// kStreamsMax descriptors have a half line at one time (the oldest is given out as it is).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ring/record.h"
#include "base/unique_function.h"

namespace kolben::agent {

struct Line {
  std::uint32_t pid = 0;
  std::uint32_t file_descriptor = 0;
  std::uint64_t time = 0;  // of the write in which the line began
  Context context;         // perhaps with kMayCome
  std::string_view path;   // of a named file; else empty. Valid during the call, as the text
  std::string_view text;   // without its newline; valid during the call
};

class LineAssembler {
 public:
  static constexpr std::size_t kLineBytesMax = 64 * 1024;
  static constexpr std::size_t kStreamsMax = 256;

  using OnLine = UniqueFunction<void(const Line&)>;
  explicit LineAssembler(OnLine on_line) : on_line_(std::move(on_line)) {}

  void add(std::uint32_t pid, const Output& output, std::string_view path, std::string_view bytes);
  // Gives out what has no newline yet.
  void flush_file(std::uint32_t pid, std::uint32_t file_descriptor);
  void flush_process(std::uint32_t pid);
  void flush_all();
  // Bytes of lines whose middle nobody has.
  std::uint64_t cut() const { return cut_; }

 private:
  struct Stream {
    Line begun;  // its texts stay empty
    std::string path;
    std::string text;
    bool is_cut = false;  // what comes up to the next newline is the rest of a line that is told
  };
  Stream* find_stream(std::uint32_t pid, std::uint32_t file_descriptor);
  Stream& begin(const Line& part);
  void append(const Line& part, bool ends_line);
  void give_out(Stream& stream);

  OnLine on_line_;
  std::vector<Stream> streams_;  // with a half line; the oldest first
  std::uint64_t cut_ = 0;
};

// The text as a person sees it: without ANSI escapes (ECMA-48 CSI, OSC and two-byte ones) and
// control characters; of a line that was overwritten with carriage returns the last state.
std::string plain_text(std::string_view line);
// The same of a text of several lines, whose other characters are its own.
std::string without_escapes(std::string_view text);

}  // namespace kolben::agent
