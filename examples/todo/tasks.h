// Tasks: the table of things to do, in SQLite. Safe from any thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace todo {

struct Task {
  std::int64_t id = 0;
  std::string description;
};

class Tasks {
 public:
  static constexpr std::size_t kDescriptionCharactersMax = 256;

  // Opens the database, and makes the table where there is none. Throws SQLite::Exception.
  explicit Tasks(const std::string& path);

  std::vector<Task> all();
  // The new task's id.
  std::int64_t add(const std::string& description);
  // False where there is no such task.
  bool remove(std::int64_t id);

 private:
  std::mutex mutex_;
  SQLite::Database database_;
};

// Why the text can't become a task, or nothing: it must say something, in at most
// kDescriptionCharactersMax characters.
std::optional<std::string> refuse(const std::string& description);

}  // namespace todo
