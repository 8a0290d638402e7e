// Templates of log lines: a text is split into what stays the same from line to line and the parts
// that vary (words with a digit in them), so that columns can hold both well. Pure functions.
// The idea: CLP (Rodrigues et al., OSDI 2021).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::storage::part {

// Stands for a variable in a template.
inline constexpr char kPlaceholder = 0x11;
// Lines with more variables are data, and are kept as they are.
inline constexpr std::size_t kVariablesMax = 64;

// False where the text has no variable, too many, or holds a placeholder itself. `template_text`
// and `variables` are overwritten; variables are views into `text`.
bool split_template(std::string_view text, std::string& template_text,
                    std::vector<std::string_view>& variables);

std::size_t count_placeholders(std::string_view template_text);

// The inverse: appends the text. There are as many variables as placeholders.
void append_joined(std::string_view template_text, const std::string_view* variables,
                   std::string& out);

}  // namespace kolben::storage::part
