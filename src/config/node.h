// Node: a configuration value with the place that it was written at. Trees of nodes are what YAML
// files, environment expansion, merging and --set produce (config/load.h); components read them
// with config::Reader (config/reader.h). Plain immutable data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kolben::config {

struct Location {
  std::string file;  // "kolben.yaml", or "built-in", "--set", "env:NAME"
  int line = 0;      // from 1; 0 where there is none
  int column = 0;

  std::string to_string() const;  // "kolben.yaml:12:5"
};

enum class NodeKind { kNull, kScalar, kList, kMap };

struct Node {
  // Not inline: here the fields' type, a pair that holds a Node, is not complete yet.
  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  NodeKind kind = NodeKind::kNull;
  Location location;
  // The scalar's text, or the text whose expansion gave a list or a map; `is_quoted` where it was
  // written in quotes and so is a string.
  std::string text;
  bool is_quoted = false;
  std::vector<Node> items;                           // of a list
  std::vector<std::pair<std::string, Node>> fields;  // of a map, in the order of the file
  // Where each key of `fields` stands: the same index.
  std::vector<Location> field_locations;

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  // Where `key` stands; the map's own place where it is missing.
  const Location& location_of(std::string_view key) const;
  // Appends a field; the key must not be there yet.
  Node& add(std::string key, Location key_location, Node value);
};

// "a map", "a list", "nothing", `"text"`: how errors name what they found.
std::string describe(const Node& node);

// All mistakes of a configuration, told at once, and what is worth a warning.
class Errors {
 public:
  // "kolben.yaml:12:5: exporters::otlp: unknown key "endpont" (did you mean "endpoint"?)"
  void add(const Location& location, std::string_view message);
  // The program goes on; it logs these once.
  void warn(const Location& location, std::string_view message);
  bool empty() const { return messages_.empty(); }
  const std::vector<std::string>& messages() const { return messages_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::string to_string() const;  // the mistakes, one a line

 private:
  std::vector<std::string> messages_;
  std::vector<std::string> warnings_;
};

// The candidate closest to `word` by edit distance, or empty where none is close.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// The same with so many letters wrong at most.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates,
                         std::size_t distance_max);

// ` (did you mean "endpoint"?)`, or empty where no candidate is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace kolben::config
