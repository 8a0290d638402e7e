// From files and flags to one tree: reading, merging, expansion. collector.md of the reference
// names the rules; they are the OpenTelemetry Collector's (its packages confmap and
// confmap/provider).
//
//   Sources are merged from left to right: maps key by key, lists and scalars replaced, an explicit
//   null overrides. Then `${...}` is expanded, so that what was overridden is not looked at.
//
//   ${env:NAME}, ${NAME}      the variable; unset: a warning, and null (or nothing inside a text)
//   ${env:NAME:-default}      the default where it is unset
//   ${file:path}              the content of a file
//   ${yaml:text}              the text
//   $$                        a dollar sign; a lone `$NAME` stays as it is
//
//   A value that is one expansion alone takes the type that its text has as YAML: a number, a list,
//   a map. Its text is kept, so that `0123` in a string field stays `0123`. Inside a longer text it
//   is text. Expansions may be nested, and may bring expansions; both bounded.
//
// Pure but for the Environment; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace kolben::config {

// The outside world, replaceable in tests.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  // At most kFileBytesMax, see yaml.h.
  virtual Result<std::string> file(const std::string& path) const = 0;
};

// The process's own variables and files.
const Environment& process_environment();

// A part of the configuration that is not expanded yet.
struct Source {
  Node root;
};

// What --config takes: a path, "file:path", "env:NAME" or "yaml:text".
Source read_source(std::string_view uri, const Environment& environment, Errors& errors);
// YAML text under a name that locations show.
Source text_source(std::string_view text, const std::string& name, Errors& errors);
// What --set takes: "a.b.c=value" or "a::b::c=value" (the second where a key has dots). The value
// is YAML.
Source set_source(std::string_view assignment, Errors& errors);

// Merges and expands.
Node load(std::vector<Source> sources, const Environment& environment, Errors& errors);

// The parts, for tests and for whoever needs one of them.
void merge_into(Node& target, Node source);
bool is_variable_name(std::string_view name);
void expand(Node& root, const Environment& environment, Errors& errors);

}  // namespace kolben::config
