// Reader: takes the fields of one map node into a plain struct, and reports what it could not use.
//
//   config::Reader reader(context.config, "exporters::otlp", context.errors);
//   reader.optional("endpoint", settings.endpoint);
//   reader.optional("timeout", settings.timeout);
//   if (auto tls = reader.child("tls")) { tls->optional("insecure", settings.tls.insecure); }
//   // the destructor reports keys that nobody asked for, with the nearest that somebody did
//
// A field that is missing or null leaves the variable as it was: defaults live in the struct. Types
// are strict as in the Collector: a string is not a bool. Durations are Go's ("1s", "200ms",
// "1h30m", bare 0).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace kolben::config {

class Reader {
 public:
  // `path` is how errors name the map: "exporters::otlp". Node and errors outlive the reader.
  Reader(const Node& node, std::string path, Errors& errors);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  bool has(std::string_view key);
  void optional(std::string_view key, std::string& out);
  void optional(std::string_view key, bool& out);
  void optional(std::string_view key, std::int64_t& out);
  void optional(std::string_view key, std::uint64_t& out);
  void optional(std::string_view key, std::uint16_t& out);
  void optional(std::string_view key, double& out);
  void optional(std::string_view key, std::chrono::nanoseconds& out);
  void optional(std::string_view key, std::vector<std::string>& out);
  // In the order of the file.
  void optional(std::string_view key, std::vector<std::pair<std::string, std::string>>& out);
  // One of `choices`; the index goes to `out`.
  void choice(std::string_view key, const std::vector<std::string_view>& choices, std::size_t& out);

  // The reader of a nested map; null where the key is missing. A key with nothing behind it
  // ("grpc:") is an empty map.
  std::unique_ptr<Reader> child(std::string_view key);
  // The items of a list of maps.
  std::vector<std::unique_ptr<Reader>> children(std::string_view key);
  // The raw node, for what fits no other call; null where missing.
  const Node* raw(std::string_view key);

  // A key that is understood and does nothing here; logged once as such.
  void ignored(std::string_view key, std::string_view why);

  // Reports a mistake at the value of `key` (or at the map itself where the key is missing).
  void error(std::string_view key, std::string message);
  const std::string& path() const { return path_; }
  const Location& location() const { return node_.location; }

 private:
  const Node* take(std::string_view key);

  const Node& node_;
  std::string path_;
  Errors& errors_;
  std::vector<std::string> asked_;
};

// "1h30m" -> nanoseconds; nothing where the text is no duration.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace kolben::config
