#include "agent/protocols/sql_tokens.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace kolben::agent {
namespace {

using Kind = SqlToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool begins_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '#' ||
         byte >= 0x80;
}

bool continues_name(char c) {
  return begins_name(c) || is_digit(c) || c == '$';
}

char at(std::string_view text, std::size_t i) {
  return i < text.size() ? text[i] : '\0';
}

std::size_t blanks(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_blank);
  return static_cast<std::size_t>(end - text.begin());
}

// To the end of the line.
std::size_t line_comment(std::string_view text) {
  return std::min(text.find('\n'), text.size());
}

// PostgreSQL's nest.
std::size_t nested_comment(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '/' && text[i + 1] == '*') {
      ++depth;
      ++i;
    } else if (text[i] == '*' && text[i + 1] == '/') {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return text.size();
}

std::size_t block_comment(std::string_view text) {
  const std::size_t end = text.find("*/", 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

// From the quote at `begin` to behind the one that ends it, which is not doubled.
std::size_t quoted(std::string_view text, std::size_t begin, char quote, bool has_backslashes) {
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (has_backslashes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (at(text, i + 1) != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

// The literal of `size` bytes at the begin of the text, or all of it, where it would be longer if
// backslashes escaped.
std::size_t unless_escaped(std::string_view text, std::size_t size) {
  const std::size_t backslash = text.substr(0, size).find('\\');
  return backslash == std::string_view::npos ? size : text.size();
}

// 'text', "text", B'01', X'af', N'text'; 0: it is none of those.
std::size_t mysql_literal(std::string_view text, bool has_backslashes) {
  constexpr std::string_view kPrefixes = "bBxXnN";
  const bool has_prefix = !text.empty() && kPrefixes.find(text[0]) != std::string_view::npos;
  const std::size_t quote = has_prefix ? 1 : 0;
  const char first = at(text, quote);
  if (first == '\'') return quoted(text, quote, first, has_backslashes);
  return first == '"' && !has_prefix ? quoted(text, quote, first, has_backslashes) : 0;
}

// 'text', E'text', U&'text', B'01', X'af', N'text'; 0: it is none of those.
std::size_t text_literal(std::string_view text) {
  const char first = at(text, 0);
  if (first == '\'') {
    // Backslashes escape where standard_conforming_strings is off.
    const std::size_t size = quoted(text, 0, '\'', false);
    const bool is_certain = text.substr(0, size).find("\\'") == std::string_view::npos;
    return is_certain ? size : text.size();
  }
  constexpr std::string_view kPrefixes = "eEbBxXnNuU";
  if (kPrefixes.find(first) == std::string_view::npos || text.empty()) return 0;
  const bool is_unicode = (first == 'u' || first == 'U') && at(text, 1) == '&';
  const std::size_t quote = is_unicode ? 2 : 1;
  if (at(text, quote) != '\'') return 0;
  return quoted(text, quote, '\'', first == 'e' || first == 'E');
}

// $$text$$, $tag$text$tag$; 0: it is none.
std::size_t dollar_literal(std::string_view text) {
  if (at(text, 0) != '$' || is_digit(at(text, 1))) return 0;
  std::size_t end = 1;
  while (continues_name(at(text, end)) && text[end] != '$') ++end;
  if (at(text, end) != '$') return 0;
  const std::string_view tag = text.substr(0, end + 1);
  const std::size_t close = text.find(tag, tag.size());
  return close == std::string_view::npos ? text.size() : close + tag.size();
}

// 12, 12.34e-56, .5, 0xAF, with a sign; 0: it is none.
std::size_t number_literal(std::string_view text) {
  std::size_t i = at(text, 0) == '-' || at(text, 0) == '+' ? 1 : 0;
  const bool begins = is_digit(at(text, i)) || (at(text, i) == '.' && is_digit(at(text, i + 1)));
  if (!begins) return 0;
  bool is_hex = at(text, i) == '0' && (at(text, i + 1) == 'x' || at(text, i + 1) == 'X');
  for (; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_exponent = !is_hex && (c == 'e' || c == 'E');
    if (is_exponent && (at(text, i + 1) == '-' || at(text, i + 1) == '+')) ++i;
    if (c != '.' && !continues_name(c)) break;
  }
  return i;
}

std::size_t name_part(std::string_view text, std::size_t begin) {
  const char first = at(text, begin);
  if (first == '"') return quoted(text, begin, '"', false);
  if (first == '`') return quoted(text, begin, '`', false);
  if (first == '[') return std::min(text.find(']', begin), text.size() - 1) + 1;
  std::size_t end = begin;
  while (continues_name(at(text, end)) && end < text.size()) ++end;
  return end;
}

bool begins_name_part(char c) {
  return begins_name(c) || c == '"' || c == '`';
}

// a, "a b", schema.table; a bracket only behind a dot, for `a[1]` is an element.
std::size_t name(std::string_view text) {
  std::size_t end = name_part(text, 0);
  while (at(text, end) == '.' &&
         (begins_name_part(at(text, end + 1)) || at(text, end + 1) == '[')) {
    end = name_part(text, end + 1);
  }
  return end;
}

// ?, ?1, :name, $name; @name is a name.
std::size_t sqlite_placeholder(std::string_view text) {
  const char first = at(text, 0);
  if (first != '?' && first != ':' && first != '$') return 0;
  const auto end = std::find_if_not(text.begin() + 1, text.end(), continues_name);
  return static_cast<std::size_t>(end - text.begin());
}

std::size_t placeholder(std::string_view text, SqlDialect dialect) {
  if (dialect == SqlDialect::kSqlite) return sqlite_placeholder(text);
  if (at(text, 0) != '$' || !is_digit(at(text, 1))) return 0;
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

bool equals_ignoring_case(std::string_view text, std::string_view capitals) {
  return std::equal(text.begin(), text.end(), capitals.begin(), capitals.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

// Words behind which stands a name.
bool announces_name(std::string_view word) {
  constexpr std::string_view kWords[] = {"FROM",  "JOIN", "INTO", "UPDATE",     "TABLE", "EXISTS",
                                         "INDEX", "VIEW", "AS",   "REFERENCES", "ON",    "COLUMN"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view one) { return equals_ignoring_case(word, one); });
}

bool is_of_mysql(SqlDialect dialect) {
  return dialect != SqlDialect::kStandard && dialect != SqlDialect::kSqlite;
}

}  // namespace

SqlToken SqlTokens::take(Kind kind, std::size_t size) {
  const SqlToken token{kind, rest_.substr(0, size)};
  rest_.remove_prefix(size);
  return token;
}

// 0: it is none.
std::size_t SqlTokens::comment() const {
  const bool is_mysql = is_of_mysql(dialect_);
  const bool nests = dialect_ == SqlDialect::kStandard;
  if (rest_.starts_with("/*")) return nests ? nested_comment(rest_) : block_comment(rest_);
  const char third = at(rest_, 2);
  const bool is_line = rest_.starts_with("--") && (!is_mysql || third == '\0' || is_blank(third));
  return is_line || (is_mysql && rest_[0] == '#') ? line_comment(rest_) : 0;
}

std::size_t SqlTokens::literal() const {
  if (dialect_ == SqlDialect::kSqlite) return sqlite_literal();
  if (is_of_mysql(dialect_)) {
    const bool has_backslashes = dialect_ != SqlDialect::kMysqlWithoutBackslashes;
    const std::size_t size = mysql_literal(rest_, has_backslashes);
    if (size == 0) return number_literal(rest_);
    return dialect_ == SqlDialect::kMysqlOfUnknownMode ? unless_escaped(rest_, size) : size;
  }
  for (const auto literal : {text_literal, dollar_literal, number_literal}) {
    const std::size_t size = literal(rest_);
    if (size != 0) return size;
  }
  return 0;
}

std::size_t SqlTokens::sqlite_literal() const {
  const bool has_prefix = rest_[0] == 'x' || rest_[0] == 'X';
  const std::size_t quote = has_prefix ? 1 : 0;
  if (at(rest_, quote) == '\'') return quoted(rest_, quote, '\'', false);
  if (rest_[0] != '"') return number_literal(rest_);
  const std::size_t size = quoted(rest_, 0, '"', false);
  return expects_name_ || at(rest_, size) == '.' ? 0 : size;
}

void SqlTokens::note(const SqlToken& token) {
  if (token.kind == Kind::kBlank || token.kind == Kind::kComment) return;
  expects_name_ = token.kind == Kind::kName && announces_name(token.text);
}

SqlToken SqlTokens::next() {
  const SqlToken token = next_token();
  note(token);
  return token;
}

SqlToken SqlTokens::next_token() {
  if (rest_.empty()) return {};
  if (is_blank(rest_[0])) return take(Kind::kBlank, blanks(rest_));
  std::size_t size = comment();
  if (size != 0) return take(Kind::kComment, size);
  size = literal();
  if (size != 0) return take(Kind::kLiteral, size);
  size = placeholder(rest_, dialect_);
  if (size != 0) return take(Kind::kPlaceholder, size);
  if (begins_name_part(rest_[0])) return take(Kind::kName, name(rest_));
  return take(Kind::kSign, 1);
}

}  // namespace kolben::agent
