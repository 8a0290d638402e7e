#include "todo/tasks.h"

#include <algorithm>

namespace todo {
namespace {

constexpr int kBusyTimeoutMs = 2000;  // another program may hold the file for a moment

// UTF-8 characters: every byte but those that continue one.
std::size_t count_characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

}  // namespace

Tasks::Tasks(const std::string& path)
    : database_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs) {
  database_.exec(
      "CREATE TABLE IF NOT EXISTS task ("
      "id INTEGER PRIMARY KEY, description VARCHAR(256) NOT NULL)");
}

std::vector<Task> Tasks::all() {
  const std::lock_guard<std::mutex> lock(mutex_);
  SQLite::Statement query(database_, "SELECT id, description FROM task ORDER BY id");
  std::vector<Task> tasks;
  while (query.executeStep()) {
    tasks.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString()});
  }
  return tasks;
}

std::int64_t Tasks::add(const std::string& description) {
  const std::lock_guard<std::mutex> lock(mutex_);
  SQLite::Statement insert(database_, "INSERT INTO task (description) VALUES (?)");
  insert.bind(1, description);
  insert.exec();
  return database_.getLastInsertRowid();
}

bool Tasks::remove(std::int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  SQLite::Statement erase(database_, "DELETE FROM task WHERE id = ?");
  erase.bind(1, id);
  return erase.exec() > 0;
}

std::optional<std::string> refuse(const std::string& description) {
  if (description.find_first_not_of(" \t\r\n") == std::string::npos) {
    return "A task needs a description: please type what is to be done.";
  }
  const std::size_t characters = count_characters(description);
  if (characters > Tasks::kDescriptionCharactersMax) {
    return "That description has " + std::to_string(characters) + " characters; at most " +
           std::to_string(Tasks::kDescriptionCharactersMax) + " fit.";
  }
  return std::nullopt;
}

}  // namespace todo
