#include "prometheus/labels.h"

#include <map>
#include <utility>

#include "model/value_text.h"
#include "prometheus/exposition.h"
#include "prometheus/names.h"

namespace kolben::prometheus {
namespace {

template <typename IsTaken>
std::map<std::string, std::string> labels_of(const Attributes& attributes, IsTaken is_taken) {
  std::map<std::string, std::string> labels;
  for (const KeyValue& attribute : attributes) {
    std::string name = label_name(attribute.key);
    while (is_taken(name)) name.insert(0, "exported_");
    auto [label, is_new] = labels.try_emplace(std::move(name), value_text(attribute.value));
    if (!is_new) label->second += ";" + value_text(attribute.value);
  }
  return labels;
}

}  // namespace

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  append_label_value(out, value);
  out += '"';
}

void LabelText::add(std::string_view name, std::string_view value) {
  if (names_.emplace(name).second) append_label(text_, name, value);
}

void LabelText::add(const Attributes& attributes) {
  const auto is_taken = [&](const std::string& name) {
    return name == "le" || name == "quantile" || names_.contains(name);
  };
  for (const auto& [name, value] : labels_of(attributes, is_taken)) add(name, value);
}

std::string LabelText::with(const Attributes& attributes, std::string_view own_name) const {
  std::string text = text_;
  const auto is_taken = [&](const std::string& name) {
    return name == own_name || names_.contains(name);
  };
  for (const auto& [name, value] : labels_of(attributes, is_taken)) append_label(text, name, value);
  return text;
}

}  // namespace kolben::prometheus
