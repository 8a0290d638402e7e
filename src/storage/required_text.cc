#include "storage/required_text.h"

#include <utility>

namespace kolben::storage {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Search {
 public:
  explicit Search(std::string_view pattern) : left_(pattern) {}

  std::string run() {
    while (!left_.empty() && is_certain_) take();
    end_run();
    return is_certain_ ? std::move(longest_) : std::string();
  }

 private:
  char next() {
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }

  void take() {
    const char c = next();
    switch (c) {
      case '|':
        is_certain_ = false;
        return;
      case '(':
        end_run();
        return skip_group();
      case '[':
        end_run();
        return skip_class();
      case '*':
      case '?':
      case '{':
        // What stands before may be missing.
        if (!run_.empty()) run_.pop_back();
        end_run();
        if (c == '{') skip_behind('}');
        return;
      case '+':
      case '.':
      case '^':
      case '$':
        return end_run();
      case '\\':
        return take_escaped();
      default:
        // Of a character of several bytes a quantifier takes all.
        if (static_cast<unsigned char>(c) >= 0x80) return end_run();
        run_.push_back(c);
    }
  }

  void take_escaped() {
    if (left_.empty()) return;
    const char c = next();
    if (!is_letter_or_digit(c)) {
      if (static_cast<unsigned char>(c) >= 0x80) return end_run();
      run_.push_back(c);
    } else if (std::string_view("dDwWsSbB").find(c) != std::string_view::npos) {
      end_run();
    } else {
      is_certain_ = false;  // classes, numbers of characters, quotations
    }
  }

  // Behind "(": to the end of the group, whatever is in it.
  void skip_group() {
    if (left_.starts_with("?") && !left_.starts_with("?:")) is_certain_ = false;  // flags
    for (int depth = 1; depth > 0 && !left_.empty() && is_certain_;) {
      const char c = next();
      if (c == '(') {
        if (left_.starts_with("?") && !left_.starts_with("?:")) is_certain_ = false;
        ++depth;
      } else if (c == ')') {
        --depth;
      } else if (c == '[') {
        skip_class();
      } else if (c == '\\') {
        skip_escaped();
      }
    }
  }

  // Behind "[".
  void skip_class() {
    if (left_.starts_with("^")) next();
    if (left_.starts_with("]")) next();
    while (!left_.empty() && is_certain_) {
      const char c = next();
      if (c == ']') return;
      if (c == '[' && left_.starts_with(":")) skip_behind(']');
      if (c == '\\') skip_escaped();
    }
  }

  void skip_escaped() {
    if (left_.starts_with("Q")) is_certain_ = false;
    if (!left_.empty()) next();
  }

  void skip_behind(char last) {
    while (!left_.empty() && next() != last) {
    }
  }

  void end_run() {
    if (run_.size() > longest_.size()) longest_ = run_;
    run_.clear();
  }

  std::string_view left_;
  std::string run_, longest_;
  bool is_certain_ = true;
};

}  // namespace

std::string required_text(std::string_view pattern) {
  return Search(pattern).run();
}

}  // namespace kolben::storage
