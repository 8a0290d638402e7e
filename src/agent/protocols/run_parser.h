// RunParser: a StreamParser that walks in runs, bytes which the Skimmer has shown all or not at
// all. Not understood is also what is shown where the walk expects what is not, and the other way
// round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/protocols/stream_parser.h"

namespace kolben::agent {

class RunParser : public StreamParser {
 public:
  bool take(Direction direction, std::string_view bytes, const Moment& moment) final;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) final;

 protected:
  // How many of the next `size` bytes are one run; at least 1.
  virtual std::size_t next_run(Direction direction, std::size_t size) const = 0;
  virtual bool shows_next(Direction direction) const = 0;
  // What it should show is not shown: true: the walk goes on with what is not.
  virtual bool is_hidden(Direction) { return false; }
  // Takes a run, or a part of it that is all there is; null: it is not shown. False: not
  // understood.
  virtual bool take_run(Direction direction, const std::uint8_t* bytes, std::size_t size,
                        const Moment& moment) = 0;
};

}  // namespace kolben::agent
