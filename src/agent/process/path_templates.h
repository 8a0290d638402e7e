// PathTemplates: paths of URLs -> names of low cardinality, for requests whose route nobody told:
// "/users/4711/orders" is "/users/*/orders".
//
// Two ways. What looks like an identifier is a '*' at once: numbers, hexadecimal, UUIDs, letters
// mixed with digits, very long or encoded segments. What looks like a word is one, until there are
// too many different ones in its place: those that come then are '*', too ("/users/alice").
//
// One thread. Bounds: kChildrenMax words in a place, kNodesMax places.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kolben::agent {

// "/delete/17" -> "/delete/*"; only the first of both ways.
std::string path_template(std::string_view path);

class PathTemplates {
 public:
  // More handlers than one place of a service's URLs has, fewer than it has users.
  static constexpr std::size_t kChildrenMax = 64;
  static constexpr std::size_t kNodesMax = 4096;
  // Paths that were not found are somebody's search for holes: of them few words are learned.
  static constexpr std::size_t kNotFoundMax = 32;

  enum class Answer : bool { kFound, kNotFound };
  std::string of(std::string_view path, Answer answer = Answer::kFound);

 private:
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>> children;
  };

  Node* child(Node& node, std::string_view word, Answer answer);

  Node root_;
  std::size_t nodes_ = 0;
  std::size_t not_found_ = 0;
};

}  // namespace kolben::agent
