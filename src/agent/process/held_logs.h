// HeldLogs: log records of a command that may come to have a span, until that is known. A command
// has one once something is below it (preload/process_context.h): what it prints before belongs to
// it then. Nobody shall get the ids of a span that never comes, and nobody wait for long. One
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "agent/ring/record.h"
#include "base/unique_function.h"

namespace kolben::agent {

class HeldLogs {
 public:
  // So long a record waits at most; then it, and all that come later, have no ids.
  static constexpr std::uint64_t kNanosMax = 2'000'000'000;
  // What is beyond goes out without ids, the oldest first.
  static constexpr std::size_t kItemsMax = 4096;
  static constexpr std::size_t kBytesMax = 1 << 20;

  // Is given the context that the record has: the span's, or none.
  using Give = UniqueFunction<void(const Context&)>;

  // `span`: with kMayCome. At once where it is known whether the span comes.
  void hold(const Context& span, std::size_t bytes, std::uint64_t now, Give give);
  // The span comes, or never will.
  void settle(const Context& span, bool comes);
  void tick(std::uint64_t now);
  // Nothing more will be known.
  void finish();

 private:
  struct Held {
    Context span;
    std::size_t bytes = 0;
    std::uint64_t since = 0;
    Give give;
  };
  struct Verdict {
    Context span;
    bool comes = false;
  };
  const Verdict* verdict_of(const Context& span) const;

  std::deque<Held> held_;  // the oldest first
  std::size_t bytes_ = 0;
  // The last ones; few commands are open without a word of them.
  std::array<Verdict, 64> verdicts_ = {};
  std::size_t next_verdict_ = 0;
};

}  // namespace kolben::agent
