// SQLite's calls, as far as they execute statements. SQLite calls some of them itself, on its own
// behalf: only what the program calls is told. The library's header is not used: its interface does
// not change.
#include <cstddef>
#include <cstring>

#include "agent/preload/agent.h"
#include "agent/preload/libraries.h"

using kolben::agent::agent_instance;
using kolben::agent::Execution;
using kolben::agent::ExecutionEnd;
using kolben::agent::InLibrary;
using kolben::agent::kStatementBytesMax;
using kolben::agent::thread_state;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))
#define KOLBEN_CALLER __builtin_return_address(0)

extern "C" {
// Only called, never hooked.
const char* sqlite3_sql(void* statement);
void* sqlite3_db_handle(void* statement);
const char* sqlite3_db_filename(void* database, const char* schema);
int sqlite3_extended_errcode(void* database);
}

namespace {

constexpr int kOk = 0;
constexpr int kInternalError = 2;
constexpr int kMisuse = 21;
constexpr int kRow = 100;
constexpr int kDone = 101;

// A call of the program's; those that SQLite makes within it are its own.
class DatabaseCall {
 public:
  DatabaseCall() {
    ThreadGuard guard;
    is_programs_ = guard && guard.thread().database_calls == 0;
    if (is_programs_) guard.thread().database_calls = 1;
  }
  DatabaseCall(const DatabaseCall&) = delete;
  DatabaseCall& operator=(const DatabaseCall&) = delete;
  ~DatabaseCall() {
    if (is_programs_) thread_state.database_calls = 0;
  }
  explicit operator bool() const { return is_programs_; }

 private:
  bool is_programs_ = false;
};

void add_database(ExecutionEnd& end, void* database, int result, const void* caller) {
  const auto file = KOLBEN_LIBRARY(sqlite3_db_filename, caller);
  const auto error = KOLBEN_LIBRARY(sqlite3_extended_errcode, caller);
  if (database == nullptr) return;
  if (file != nullptr) end.database = file(database, "main");
  if (end.database == nullptr) end.database = "";
  if (result == kOk || result == kDone || result == kRow) return;
  // More exact, where it is of the same error.
  const int extended = error == nullptr ? result : error(database);
  end.error_code = (extended & 0xff) == (result & 0xff) ? extended : result;
}

void end_statement(void* statement, int result, const void* caller) {
  ExecutionEnd end;
  const auto text = KOLBEN_LIBRARY(sqlite3_sql, caller);
  const auto database = KOLBEN_LIBRARY(sqlite3_db_handle, caller);
  if (text != nullptr) end.text = text(statement);
  if (end.text != nullptr) end.text_size = strnlen(end.text, kStatementBytesMax);
  if (database != nullptr) add_database(end, database(statement), result, caller);
  ThreadGuard guard;
  if (guard) agent_instance.statements.end(guard.thread(), statement, end);
}

void begin_statement(const void* statement) {
  ThreadGuard guard;
  if (guard) agent_instance.statements.begin(guard.thread(), statement);
}

// What is given up before it was done.
void leave_statement(void* statement, const void* caller) {
  if (agent_instance.active() && agent_instance.statements.is_under_way(statement)) {
    end_statement(statement, kOk, caller);
  }
}

// A call that is an execution by itself, or fails as one. `size` below zero: up to the text's end.
template <typename Call>
int traced(void* database, const char* text, int size, bool is_execution, const void* caller,
           Call call) {
  const DatabaseCall programs;
  if (!programs) return call();
  Execution execution;
  {
    ThreadGuard guard;
    if (!guard) return call();
    execution = agent_instance.statements.begin(guard.thread());
  }
  const int result = call();
  const bool is_told = result != kMisuse && (is_execution || result != kOk);
  if (text == nullptr || !is_told) return result;
  ExecutionEnd end;
  end.text = text;
  const std::size_t most = size >= 0 && static_cast<unsigned>(size) < kStatementBytesMax
                               ? static_cast<std::size_t>(size)
                               : kStatementBytesMax;
  end.text_size = strnlen(text, most);
  add_database(end, database, result, caller);
  ThreadGuard guard;
  if (guard) agent_instance.statements.end(guard.thread(), execution, end);
  return result;
}

}  // namespace

extern "C" {

KOLBEN_EXPORT int sqlite3_prepare(void* database, const char* text, int size, void** statement,
                                  const char** tail) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_prepare, caller);
  if (!function) return kInternalError;
  const auto call = [&] { return function(database, text, size, statement, tail); };
  return agent_instance.active() ? traced(database, text, size, false, caller, call) : call();
}

KOLBEN_EXPORT int sqlite3_prepare_v2(void* database, const char* text, int size, void** statement,
                                     const char** tail) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_prepare_v2, caller);
  if (!function) return kInternalError;
  const auto call = [&] { return function(database, text, size, statement, tail); };
  return agent_instance.active() ? traced(database, text, size, false, caller, call) : call();
}

KOLBEN_EXPORT int sqlite3_prepare_v3(void* database, const char* text, int size, unsigned flags,
                                     void** statement, const char** tail) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_prepare_v3, caller);
  if (!function) return kInternalError;
  const auto call = [&] { return function(database, text, size, flags, statement, tail); };
  return agent_instance.active() ? traced(database, text, size, false, caller, call) : call();
}

KOLBEN_EXPORT int sqlite3_exec(void* database, const char* text,
                               int (*take)(void*, int, char**, char**), void* data, char** error) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_exec, caller);
  if (!function) return kInternalError;
  const auto call = [&] { return function(database, text, take, data, error); };
  return agent_instance.active() ? traced(database, text, -1, true, caller, call) : call();
}

KOLBEN_EXPORT int sqlite3_step(void* statement) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_step, caller);
  if (!function) return kInternalError;
  if (!agent_instance.active() || statement == nullptr) return function(statement);
  const DatabaseCall programs;
  if (!programs) return function(statement);
  if (!agent_instance.statements.is_under_way(statement)) begin_statement(statement);
  const int result = function(statement);
  if (result == kMisuse) {
    agent_instance.statements.forget(statement);  // it may be gone
  } else if (result != kRow) {
    end_statement(statement, result, caller);
  }
  return result;
}

KOLBEN_EXPORT int sqlite3_reset(void* statement) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_reset, caller);
  if (!function) return kInternalError;
  leave_statement(statement, caller);
  return function(statement);
}

KOLBEN_EXPORT int sqlite3_finalize(void* statement) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(sqlite3_finalize, caller);
  if (!function) return kInternalError;
  leave_statement(statement, caller);
  return function(statement);
}

}  // extern "C"
