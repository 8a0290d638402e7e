// required_text(): a text that everything has in it that a regular expression matches, so that most
// of what does not match is passed over without asking the expression. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kolben::storage {

// The longest run of plain characters outside of groups; empty where none is certain. `pattern` is
// one that RE2 has accepted.
std::string required_text(std::string_view pattern);

}  // namespace kolben::storage
