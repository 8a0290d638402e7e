#include "storage/engine/part/log_variables.h"

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/log_template.h"

namespace kolben::storage::part {

void VariablesWriter::add(std::uint32_t template_number,
                          const std::vector<std::string_view>& variables) {
  if (template_number >= templates_.size()) templates_.resize(template_number + 1);
  Slots& slots = templates_[template_number];
  slots.resize(variables.size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    slots[i].push_back(arena_.copy(variables[i]));
    bytes_ += variables[i].size();
  }
}

std::string VariablesWriter::finish(const std::vector<std::uint32_t>& order) {
  std::string block;
  std::string texts;
  for (const std::uint32_t number : order) {
    for (const std::vector<std::string_view>& values : templates_[number]) {
      texts.clear();
      encode_texts(values, texts);
      put_text(block, texts);
    }
  }
  *this = VariablesWriter();
  return block;
}

bool Variables::open(const Bytes& block, const std::vector<std::string_view>& templates,
                     const std::vector<std::uint32_t>& lines) {
  Cursor in(block.view());
  templates_.clear();
  for (std::size_t number = 0; number < templates.size(); ++number) {
    Template& opened = templates_.emplace_back();
    opened.text = templates[number];
    opened.places.resize(count_placeholders(opened.text));
    for (DecodedTexts& place : opened.places) {
      const Bytes texts(block.owner(), in.text());
      if (in.failed() || !decode_texts(texts, lines[number], place)) return false;
    }
  }
  return in.is_done();
}

void Variables::append_line(std::uint32_t number, std::uint32_t line, std::string& out) const {
  const Template& opened = templates_[number];
  std::string_view variables[kVariablesMax];
  for (std::size_t i = 0; i < opened.places.size() && i < kVariablesMax; ++i) {
    variables[i] = opened.places[i].values[line];
  }
  append_joined(opened.text, variables, out);
}

}  // namespace kolben::storage::part
