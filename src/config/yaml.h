// YAML text -> Node, with the place of every key and value.
//
// One document. Anchors, aliases and merge keys ("<<") are understood; a key that holds "::" is a
// path ("a::b: 1" is {a: {b: 1}}), as in the Collector. Duplicate keys are mistakes. Bounded
// against hostile files: see the constants. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/node.h"

namespace kolben::config {

// Real configurations are below 1 MiB; this leaves room for embedded tables.
inline constexpr std::size_t kFileBytesMax = 8 << 20;
// Bounds recursion over nodes, here and in every reader. The Collector's deepest real files have
// 12.
inline constexpr std::size_t kDepthMax = 64;
// Characters that may be, or end, a token: yaml-cpp keeps all tokens of a list or map in brackets
// until it ends, up to 270 bytes for each of these, whatever the bounds below would say of the
// values. So many need 160 MB; a value has three of them at most, but for quotes in text.
inline constexpr std::string_view kMarks = "[]{},:?!&*#\"'";
inline constexpr std::size_t kMarksMax = 600'000;
// Keys of one map are compared with one another.
inline constexpr std::size_t kFieldsMax = 10'000;
// After aliases ("billion laughs"): 100 times a large configuration, some 50 MB.
inline constexpr std::size_t kNodesMax = 200'000;
// Text of all scalars after aliases.
inline constexpr std::size_t kTextBytesMax = 4 * kFileBytesMax;

// Reports mistakes to `errors` with `file` as the name of the place; an empty document is null.
Node parse_yaml(std::string_view text, const std::string& file, Errors& errors);

// Adds `value` under a path of keys, making maps on the way. False where something other than a map
// stands in the way, or the place is taken.
bool add_at_path(Node& map, std::string_view path, const Location& key_location, Node value);

}  // namespace kolben::config
