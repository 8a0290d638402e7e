#include "agent/preload/statements.h"

#include <cstring>

#include "agent/preload/ids.h"

namespace kolben::agent {
namespace {

// The file's name: where it is may tell whose it is.
const char* name_of(const char* path) {
  if (path[0] == '\0') return ":memory:";
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

std::uint32_t at_most(std::size_t size, std::uint32_t most) {
  return size < most ? static_cast<std::uint32_t>(size) : most;
}

}  // namespace

// On behalf of the application's span, else of the request that the thread serves.
Execution Statements::begin(ThreadState& thread) const {
  Execution execution = {};
  execution.start_time = system_->now();
  execution.generation = generation_;
  const Context* parent =
      thread.span != 0 ? &thread.span_context : connections_->served_for_certain(thread);
  if (parent == nullptr) parent = connections_->process_context(thread);
  if (parent != nullptr) {
    execution.self = *parent;
    execution.self.flags = sampler_->child(parent->trace_id, parent->flags);
    std::memcpy(execution.parent_span_id, parent->span_id, sizeof(execution.parent_span_id));
  } else {
    random_trace_id(thread, *system_, generation_, execution.self.trace_id);
    execution.self.flags = sampler_->root(execution.self.trace_id);
  }
  random_span_id(thread, *system_, generation_, execution.self.span_id);
  return execution;
}

void Statements::end(ThreadState& thread, const Execution& execution,
                     const ExecutionEnd& end) const {
  const char* database = end.database == nullptr ? "" : name_of(end.database);
  Statement fixed;
  fixed.start_time = execution.start_time;
  fixed.end_time = system_->now();
  fixed.self = execution.self;
  std::memcpy(fixed.parent_span_id, execution.parent_span_id, sizeof(fixed.parent_span_id));
  fixed.error_code = end.error_code;
  fixed.database_size = at_most(std::strlen(database), kDatabaseBytesMax);
  fixed.text_size = end.text == nullptr ? 0 : at_most(end.text_size, kStatementBytesMax);
  const auto payload =
      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.database_size + fixed.text_size;
  RecordWriter writer(ring_, RecordType::kStatement, payload, pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(database, fixed.database_size);
  writer.append(end.text, fixed.text_size);
}

void Statements::begin(ThreadState& thread, const void* statement) {
  Execution* execution = table_.add(*system_, statement);
  if (execution == nullptr) {
    count_untraced(ring_);
    return;
  }
  *execution = begin(thread);
}

void Statements::end(ThreadState& thread, const void* statement, const ExecutionEnd& told) {
  Execution* execution = table_.find(statement);
  if (execution == nullptr) return;
  if (execution->generation == generation_) end(thread, *execution, told);
  table_.remove(execution);
}

void Statements::forget(const void* statement) {
  Execution* execution = table_.find(statement);
  if (execution != nullptr) table_.remove(execution);
}

}  // namespace kolben::agent
