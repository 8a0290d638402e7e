// Statements: executions of SQL by a library in the program's own process (SQLite) become records:
// an execution begins with the first step of its statement and ends where that is done, fails, or
// is given up.
//
// Any thread, ThreadGuard held. Texts are the program's, without the values that were bound.
// Bounds: kStatementsMax that are under way, kStatementBytesMax of a text; what is beyond is not
// traced, or cut.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/preload/object_table.h"
#include "agent/preload/sampler.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/ring/record.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

inline constexpr std::uint32_t kStatementsMax = 4096;

// One that is under way: what is known at its begin.
struct Execution {
  std::uint64_t start_time;
  std::uint32_t generation;  // of forks
  Context self;
  std::uint8_t parent_span_id[8];
};

// What its end tells. Null: unknown.
struct ExecutionEnd {
  const char* text = nullptr;
  std::size_t text_size = 0;
  const char* database = nullptr;  // a path; empty: it is in memory
  int error_code = 0;              // 0: none
};

class Statements {
 public:
  void init(const System& system, RingHeader* ring, const Sampler& sampler) {
    system_ = &system;
    ring_ = ring;
    sampler_ = &sampler;
  }
  // In the child of a fork: what is under way is the parent's.
  void forked(std::uint32_t generation, std::uint32_t pid) {
    generation_ = generation;
    pid_ = pid;
  }

  // An execution that has no statement to be known by: a call.
  Execution begin(ThreadState& thread) const;
  void end(ThreadState& thread, const Execution& execution, const ExecutionEnd& end) const;

  bool is_under_way(const void* statement) const { return table_.find(statement) != nullptr; }
  void begin(ThreadState& thread, const void* statement);
  void end(ThreadState& thread, const void* statement, const ExecutionEnd& end);
  // It was none.
  void forget(const void* statement);

 private:
  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const Sampler* sampler_ = nullptr;
  std::uint32_t generation_ = 1;
  std::uint32_t pid_ = 0;
  ObjectTable<Execution, kStatementsMax> table_;
};

}  // namespace kolben::agent
