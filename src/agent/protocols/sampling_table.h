// SamplingTable: what a remote sampler has been told, where all programs under one agent see it:
// the agent process asks for the strategies and writes them here, the programs decide by them, and
// share what a limit of traces a second leaves. In the ring's memory, whose zeroes are "nothing
// yet".
//
// Freestanding. Nobody waits: the writer fills the half that nobody reads and then points to it. A
// broken program may scribble over it: whatever is in it, a decision reads within it.
// Source: Jaeger, "Sampling" (remote sampling API): probabilistic, rate limiting, per operation.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kolben::agent {

// How the traces of an operation are chosen: those whose id is below a number, and besides so many
// a second, whatever their id.
struct SamplingRule {
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};

  std::uint64_t below = 0;                   // of the id's low half; kAll: all
  std::uint64_t period_nanos = 0;            // from one trace to the next; 0: none by time
  std::uint64_t burst_nanos = 0;             // so much of it may be saved up
  std::atomic<std::uint64_t> next_nanos{0};  // of the clock: when all is spent that was saved up

  bool has_share_of(std::uint64_t low) const { return below == kAll || low < below; }
  // Takes one of so many a second. Any thread, any process.
  bool take(std::uint64_t now_nanos);
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// What a trace begins with: "GET /orders/17", or the name of a span. Not owned.
struct Operation {
  const char* name = nullptr;
  std::size_t size = 0;
};
// Of a request's head: "GET /orders/17?x=1 HTTP/1.1" is "GET /orders/17".
Operation operation_of(const std::uint8_t* head, std::size_t size);

// Whether a strategy's operation is the one that begins here. Its name may be a route: what stands
// for a segment there ("*", "{id}", "<id>", ":id") is any segment here.
bool is_operation(const Operation& strategy, const Operation& begun);

struct SamplingRules {
  // Beyond a person's patience; Jaeger's clients have 2000, which they find by a table of hashes.
  static constexpr std::uint32_t kOperationsMax = 64;
  static constexpr std::uint32_t kNamesBytesMax = 2048;

  SamplingRule others;
  SamplingRule rules[kOperationsMax];
  // Atomic, so that what has been checked is what is used: a program may write at any time.
  std::atomic<std::uint32_t> count{0};
  std::atomic<std::uint16_t> begins[kOperationsMax] = {};
  std::atomic<std::uint16_t> sizes[kOperationsMax] = {};
  char names[kNamesBytesMax] = {};

  SamplingRule& rule_of(const Operation& begun);
  // The rule of exactly this name; null: there is none.
  const SamplingRule* rule_named(const Operation& name) const;
  bool is_rate_limited() const { return others.period_nanos != 0 && others.below == 0; }
};

class SamplingTable {
 public:
  // Null: nothing is known yet.
  SamplingRules* rules() {
    const std::uint32_t current = current_.load(std::memory_order_acquire);
    return current == 1 || current == 2 ? &halves_[current - 1] : nullptr;
  }

 private:
  friend class SamplingWriter;
  std::atomic<std::uint32_t> current_{0};
  SamplingRules halves_[2];
};

// The agent process's side: writes new rules, from none on, and shows them when they are whole. A
// limit goes on with what it has given under the same name. Else nothing that it has written is
// read again: a program may have scribbled over it.
class SamplingWriter {
 public:
  explicit SamplingWriter(SamplingTable& table);
  // Of what is not added.
  void others(std::uint64_t below, std::uint64_t period_nanos = 0, std::uint64_t burst_nanos = 0);
  // False: no room is left.
  bool add(const Operation& operation, std::uint64_t below, std::uint64_t period_nanos = 0,
           std::uint64_t burst_nanos = 0);
  void show();

 private:
  SamplingTable& table_;
  const SamplingRules* const shown_;  // null: none
  const std::uint32_t half_;
  SamplingRules& rules_;
  std::uint32_t count_ = 0;
  std::uint32_t names_size_ = 0;
};

// The table in the ring's memory.
SamplingTable* sampling_table(void* memory, std::size_t size);

}  // namespace kolben::agent
