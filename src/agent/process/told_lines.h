// ToldLines: what a program prints that it has told as a log record already, so that nobody reads
// it twice: a logging shim tells a record, then marks what the same thread writes to stdout and
// stderr while the record's handlers run (output_is_told() of kolben/abi.h).
//
// A line may come in several writes (colours are taken out piece by piece): what has no end yet is
// kept until its end comes, or the thread prints something else.
//
// A marked write may begin with something else, which the program had printed before and which only
// leaves its buffer now. Where the shim says what a handler writes (output_text_is_told()), it is
// so many bytes, at the end of a write; what is behind it, of further handlers, is told again from
// where they say so. Where it does not, or the handler's stream changes the text (colorama), a
// write is the record's from the line on that holds the first line of the record's body; where no
// write holds it, all is kept. Of a write that was cut, what is missing counts as what it would
// have been. One thread.
//
// Bound: kThreadsMax threads are remembered; the one that told first makes room.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "agent/ring/record.h"

namespace kolben::agent {

class ToldLines {
 public:
  static constexpr std::size_t kThreadsMax = 512;
  static constexpr std::size_t kHalfLineBytesMax = 1024;
  // Of a body's first line; more need not be compared.
  static constexpr std::size_t kTextBytesMax = kToldTextBytesMax;

  // The thread told a record with that body.
  void tell(std::uint32_t pid, std::uint32_t tid, std::string_view body);
  // The next that it writes of that is `size` bytes, which begin so.
  void tell_text(std::uint32_t pid, std::uint32_t tid, std::string_view begin, std::size_t size);
  // What is not told yet of a marked write, and of the ones before it; until the next call. `cut`:
  // so many more it wrote, which nobody has; 0 from then on where these are told.
  std::string_view untold(std::uint32_t pid, std::uint32_t tid, std::string_view bytes,
                          std::uint32_t& cut);

 private:
  struct Told {
    std::uint32_t pid = 0;
    std::uint32_t tid = 0;
    bool is_found = false;  // what follows is the rest of it
    std::string text;
    std::string half_line;
    // As its handler writes it; size 0: not known, or written.
    std::string begin;
    std::size_t size = 0;
    std::size_t left = 0;  // of what is being written, its line's end included
  };
  Told* find(std::uint32_t pid, std::uint32_t tid);
  static std::string_view without_rest(Told& told, std::string_view bytes);
  static void pass_cut(Told& told, std::uint32_t& cut);
  std::string_view without_text(Told& told, std::string_view bytes, std::size_t at);

  std::deque<Told> threads_;
  std::string given_;  // what untold() returned
};

}  // namespace kolben::agent
