// The parts of RESP2 and RESP3, of one direction: lines, and the texts that some of them announce.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kolben::agent::redis {

// What is kept of a line; of longer ones the begin.
inline constexpr std::size_t kLineBytesMax = 256;

struct Part {
  char type = 0;            // '*', '$', '-' ...
  std::int64_t number = 0;  // of types that have one; -1: null
  std::string text;         // of a line its rest, of a text what is shown of it
};

class Reader {
 public:
  // Takes bytes off the front of `bytes`; true: `part()` is complete. False with bytes left:
  // failed.
  bool take(std::string_view& bytes);
  // Bytes that are not shown, of a text or within a line; true: `part()` is complete.
  bool pass(std::uint64_t bytes);
  bool failed() const { return failed_; }
  // Nothing of a part has come yet.
  bool is_between() const { return !in_text_ && line_.empty(); }
  const Part& part() const { return part_; }

 private:
  bool end_of_line();
  bool end_of_text();

  Part part_;
  std::string line_;
  bool in_text_ = false;
  std::uint64_t left_ = 0;  // of the text, with its line end
  bool failed_ = false;
};

}  // namespace kolben::agent::redis
