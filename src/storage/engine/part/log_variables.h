// The variables of a row group's log lines (docs/formats/part.md, "Variables"): each place of each
// template is a sequence of its own, because its values are alike. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "storage/engine/part/texts.h"

namespace kolben::storage::part {

class VariablesWriter {
 public:
  // The variables of the next line of a template, which is numbered as the caller likes.
  void add(std::uint32_t template_number, const std::vector<std::string_view>& variables);
  // Of all texts held.
  std::size_t bytes() const { return bytes_; }
  // Writes the block and empties itself. `order`: the template numbers as the dictionary of the
  // template column has them.
  std::string finish(const std::vector<std::uint32_t>& order);

 private:
  using Slots = std::vector<std::vector<std::string_view>>;  // values by place

  Arena arena_;
  std::vector<Slots> templates_;  // by number
  std::size_t bytes_ = 0;
};

// The block, opened: the values of each place of each template.
class Variables {
 public:
  // `templates` are the dictionary of the template column, `lines` how many rows each has. False
  // where the block is malformed.
  bool open(const Bytes& block, const std::vector<std::string_view>& templates,
            const std::vector<std::uint32_t>& lines);
  // Appends line `line` (counted within the template) of template `number`, joined.
  void append_line(std::uint32_t number, std::uint32_t line, std::string& out) const;

 private:
  struct Template {
    std::string_view text;
    std::vector<DecodedTexts> places;
  };
  std::vector<Template> templates_;
};

}  // namespace kolben::storage::part
