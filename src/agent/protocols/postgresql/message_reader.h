// Messages of PostgreSQL's protocol put together from pieces, as far as they are shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/protocols/postgresql/framing.h"

namespace kolben::agent::postgresql {

// A message as far as it is shown.
struct Message {
  char type = 0;        // 0: of the begin of the connection
  std::string content;  // cut where the rest is not shown
};

// Puts messages together, of one direction.
class MessageReader {
 public:
  // Takes bytes off the front of `bytes`; true: `message()` is complete. False with bytes left:
  // failed.
  bool take(std::string_view& bytes, bool is_typed);
  // Bytes that are not shown; true: `message()` is complete. What goes beyond a message are others
  // of which nothing is shown.
  bool pass(std::uint64_t bytes);
  bool failed() const { return failed_; }
  const Message& message() const { return message_; }

 private:
  bool fill_header(std::string_view& bytes, std::size_t size);
  bool begin_content(bool is_typed);

  Message message_;
  std::string header_;
  bool in_content_ = false;
  std::uint64_t left_ = 0;
  bool failed_ = false;
};

}  // namespace kolben::agent::postgresql
