// Collectors: which programs under the agent receive what agents export, and what of their doings
// is told.
//
// What such a program does with it (its own exports, the lines that it prints of it) would come
// back to it as more of the same, without end. That is what happens below a request with telemetry,
// and what happens below no request: exports of batches, whose cause nobody sees. It is left out
// and counted. What happens below any other request is told. Which of them a request was is known
// from its record, which comes after those of what happened below it (or, over HTTP/2, from its
// head): these wait for it.
//
// A program is one from an agent's export on, until kMarkNanos after the last one. Whose requests
// are meant is told by process and trace. One thread. Bounds: kCountMax, kItemsMax, kBytesMax, and
// kHeldNanos; what waits beyond is left out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/settings.h"
#include "base/unique_function.h"
#include "model/ids.h"

namespace kolben::agent {

class Collectors {
 public:
  // One, as a rule. Beyond that the oldest is forgotten, until it receives something again.
  static constexpr std::size_t kCountMax = 64;
  // Agents export every few seconds while there is something to loop.
  static constexpr std::uint64_t kMarkNanos = 60'000'000'000;
  // What waits for a request longer than that.
  static constexpr std::uint64_t kHeldNanos = 30'000'000'000;
  static constexpr std::size_t kItemsMax = 1024;
  static constexpr std::size_t kBytesMax = 1 << 20;

  // Of the settings: where else exports go.
  explicit Collectors(const Settings& settings);

  // Whether a request brings telemetry, whoever sent it. `target` may have a query.
  bool is_telemetry(std::string_view method, std::string_view target) const;
  // Whether it is an export of an agent, as its exporters name themselves.
  bool is_export(std::string_view method, std::string_view target,
                 std::string_view user_agent) const;

  // True: that was not known, and is to be said.
  bool receives(std::uint32_t pid, std::uint64_t now);
  bool has(std::uint32_t pid, std::uint64_t now) const;
  // The process has ended, or become another program.
  void gone(std::uint32_t pid);

  // Whose something is: the trace, where it is below a request; else zero.
  struct Cause {
    std::uint32_t pid = 0;
    TraceId trace_id;
  };
  enum class Fate : std::uint8_t { kTold, kWaits, kLeftOut };
  Fate fate_of(const Cause& cause, std::uint64_t now) const;
  void leave_out() { ++left_out_; }
  using Tell = UniqueFunction<void()>;
  void hold(const Cause& cause, std::size_t bytes, std::uint64_t now, Tell tell);
  // Whether it is of use to call served().
  bool is_needed(std::uint32_t pid, std::uint64_t now) const {
    return !held_.empty() || has(pid, now);
  }
  // Such a request was served: what waits for it is told now, or left out. Not while something else
  // is being told.
  void served(const Cause& cause, bool is_telemetry, std::uint64_t now);
  void tick(std::uint64_t now);
  // Nothing more will be known.
  void finish();
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Mark {
    std::uint32_t pid = 0;
    std::uint64_t last = 0;
  };
  struct Verdict {
    Cause cause;
    bool is_telemetry = false;
  };
  struct Held {
    Cause cause;
    std::size_t bytes = 0;
    std::uint64_t since = 0;
    Tell tell;
  };
  const Verdict* verdict_of(const Cause& cause) const;
  void drop_oldest();

  std::vector<std::string> paths_;
  std::vector<Mark> marks_;
  // The last ones: of requests whose work is still on its way.
  std::array<Verdict, 256> verdicts_ = {};
  std::size_t next_verdict_ = 0;
  std::deque<Held> held_;  // the oldest first
  std::size_t bytes_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace kolben::agent
