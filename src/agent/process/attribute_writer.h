// AttributeWriter: adds what is known of a call to its span, and nothing for what is not: no text,
// or the number 0.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/process/limits.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

class AttributeWriter {
 public:
  // Both outlive it; the texts are copied.
  AttributeWriter(Attributes& attributes, Arena& arena) : attributes_(attributes), arena_(arena) {}

  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) attributes_.push_back(arena_, {key, owned(value)});
  }
  // Where another convention has told the same key, this one's value counts.
  void replace_text(std::string_view key, std::string_view value) {
    if (!value.empty()) set(attributes_, arena_, key, owned(value));
  }
  void number(std::string_view key, std::int64_t value) {
    if (value != 0) attributes_.push_back(arena_, {key, Value::integer(value)});
  }
  // Also 0.
  void any_number(std::string_view key, std::int64_t value) {
    attributes_.push_back(arena_, {key, Value::integer(value)});
  }

 private:
  Value owned(std::string_view value) {
    return Value::string(owned_text(value, Limits::kNoLimit, arena_));
  }

  Attributes& attributes_;
  Arena& arena_;
};

}  // namespace kolben::agent
