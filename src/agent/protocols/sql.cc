#include "agent/protocols/sql.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "agent/protocols/sql_tokens.h"

namespace kolben::agent {
namespace {

using Kind = SqlToken::Kind;

// Deeper parentheses share a level: their commas are then taken for those of a list of tables.
constexpr std::size_t kDepthMax = 32;
constexpr std::size_t kKeywordBytesMax = 12;

// A word in capital letters; empty where it is longer than any keyword.
class Keyword {
 public:
  explicit Keyword(std::string_view word) {
    if (word.size() > kKeywordBytesMax) return;
    for (const char c : word) text_[size_++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  template <std::size_t N>
  bool is_one_of(const std::string_view (&words)[N]) const {
    return std::find(std::begin(words), std::end(words), view()) != std::end(words);
  }
  bool operator==(std::string_view word) const { return view() == word; }

 private:
  std::string_view view() const { return {text_.data(), size_}; }

  std::array<char, kKeywordBytesMax> text_ = {};
  std::size_t size_ = 0;
};

constexpr std::string_view kDefining[] = {"CREATE", "ALTER", "DROP"};
constexpr std::string_view kChanging[] = {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"};
// Their target follows at once.
constexpr std::string_view kNaming[] = {"UPDATE",  "TRUNCATE", "CALL",    "EXEC",
                                        "EXECUTE", "COPY",     "LOCK",    "VACUUM",
                                        "ANALYZE", "REFRESH",  "CLUSTER", "REINDEX"};
constexpr std::string_view kJoiningSelects[] = {"UNION", "INTERSECT", "EXCEPT", "MINUS"};
// Between a keyword and the name that it is about.
constexpr std::string_view kModifiers[] = {
    "OR",        "REPLACE", "UNIQUE", "CLUSTERED", "TEMP",         "TEMPORARY",
    "UNLOGGED",  "GLOBAL",  "LOCAL",  "IF",        "MATERIALIZED", "CONCURRENTLY",
    "FOREIGN",   "NOT",     "EXISTS", "ONLY",      "TABLE",        "LATERAL",
    "RECURSIVE", "VERBOSE", "FULL",   "FREEZE"};
// They end a list of tables.
constexpr std::string_view kClauses[] = {"WHERE", "GROUP",  "ORDER",  "HAVING",
                                         "LIMIT", "SET",    "ON",     "USING",
                                         "FOR",   "WINDOW", "VALUES", "RETURNING"};

class Summary {
 public:
  std::string of(std::string_view text, SqlDialect dialect) {
    SqlTokens tokens(text, dialect);
    for (SqlToken token = tokens.next(); token.kind != Kind::kEnd && !is_full_;
         token = tokens.next()) {
      if (token.kind == Kind::kBlank || token.kind == Kind::kComment) continue;
      if (token.kind == Kind::kName) {
        word(token.text);
      } else {
        sign(token);
      }
      before_ = token;
    }
    return std::move(text_);
  }

 private:
  enum class State {
    kBegin,  // of a statement
    kInside,
    kTarget,      // a name is expected
    kObjectType,  // CREATE ...
    kObject,      // CREATE TABLE ...
    kDone,        // until the next statement
  };
  struct Level {
    bool has_tables = false;  // of a statement, so that FROM is its clause
    bool in_list = false;     // of tables: a comma leads to the next
  };

  Level& level() { return levels_[std::min(depth_, kDepthMax - 1)]; }
  bool is_behind(char c) const { return before_.kind == Kind::kSign && before_.text[0] == c; }

  void append(std::string_view word) {
    const std::size_t size = word.size() + (text_.empty() ? 0 : 1);
    if (text_.size() + size > kSummaryBytesMax) {
      is_full_ = true;
      return;
    }
    if (!text_.empty()) text_ += ' ';
    text_ += word;
  }

  void sign(const SqlToken& token) {
    const char c = token.text[0];
    if (token.kind != Kind::kSign) {
      if (state_ == State::kTarget) state_ = State::kInside;
    } else if (c == ';') {
      depth_ = 0;
      levels_[0] = {};
      state_ = State::kBegin;
    } else if (state_ == State::kDone) {
      return;
    } else if (c == '(') {
      ++depth_;
      level() = {};
      if (state_ != State::kBegin) state_ = State::kInside;
    } else if (c == ')') {
      if (depth_ != 0) --depth_;
    } else if (c == ',' && level().in_list) {
      state_ = State::kTarget;
    }
  }

  void word(std::string_view text) {
    const Keyword keyword(text);
    switch (state_) {
      case State::kBegin:
        return statement(text, keyword);
      case State::kInside:
        return inside(text, keyword);
      case State::kTarget:
        return target(text, keyword);
      case State::kObjectType:
        if (keyword == "TABLE" || !keyword.is_one_of(kModifiers)) {
          append(text);
          state_ = State::kObject;
        }
        return;
      case State::kObject:
        if (keyword.is_one_of(kModifiers) && keyword != "TABLE") return;
        if (keyword != "ON") append(text);
        state_ = State::kDone;
        return;
      case State::kDone:
        return;
    }
  }

  void statement(std::string_view text, const Keyword& keyword) {
    state_ = State::kInside;
    const bool ends_a_body = keyword == "END" && !text_.empty();
    if (keyword == "WITH" || ends_a_body) return;
    operation(text, keyword);
  }

  void operation(std::string_view text, const Keyword& keyword) {
    append(text);
    if (keyword == "SELECT" || keyword.is_one_of(kChanging)) level() = {.has_tables = true};
    if (keyword.is_one_of(kDefining)) state_ = State::kObjectType;
    if (keyword.is_one_of(kNaming)) state_ = State::kTarget;
  }

  void inside(std::string_view text, const Keyword& keyword) {
    if (keyword == "SELECT") {
      const bool goes_on = joins_;
      joins_ = false;
      if (!goes_on) return operation(text, keyword);
      level() = {.has_tables = true};
    } else if (keyword.is_one_of(kChanging) && (is_behind('(') || is_behind(')'))) {
      operation(text, keyword);
    } else if (keyword == "FROM" && level().has_tables) {
      const bool compares = before_.kind == Kind::kName && Keyword(before_.text) == "DISTINCT";
      if (!compares) state_ = State::kTarget;
    } else if (keyword == "JOIN" || (keyword == "INTO" && level().has_tables)) {
      state_ = State::kTarget;
    } else if (keyword.is_one_of(kJoiningSelects)) {
      joins_ = true;
      level().in_list = false;
    } else if (keyword.is_one_of(kClauses)) {
      level().in_list = false;
    }
  }

  void target(std::string_view text, const Keyword& keyword) {
    if (keyword.is_one_of(kModifiers) && keyword != "TABLE") return;
    // TRUNCATE TABLE x, but a table may be called so: FROM table.
    const bool is_table = keyword == "TABLE" && before_.kind == Kind::kName &&
                          Keyword(before_.text).is_one_of(kNaming);
    if (is_table) return;
    state_ = State::kInside;
    if (keyword == "SELECT") return inside(text, keyword);
    if (keyword == "VIEW") {
      state_ = State::kTarget;  // REFRESH MATERIALIZED VIEW x
      return;
    }
    append(text);
    level().in_list = level().has_tables;
  }

  std::string text_;
  bool is_full_ = false;
  bool joins_ = false;  // UNION was the last of the statement's words that matter
  State state_ = State::kBegin;
  std::size_t depth_ = 0;
  std::array<Level, kDepthMax> levels_ = {};
  SqlToken before_;
};

}  // namespace

std::string sanitized_sql(std::string_view text, SqlDialect dialect) {
  std::string result;
  result.reserve(text.size());
  SqlTokens tokens(text, dialect);
  for (SqlToken token = tokens.next(); token.kind != Kind::kEnd; token = tokens.next()) {
    if (token.kind == Kind::kLiteral) {
      result += '?';
    } else if (token.kind != Kind::kComment) {
      result += token.text;
    }
  }
  return result;
}

std::string sql_summary(std::string_view text, SqlDialect dialect) {
  return Summary().of(text, dialect);
}

bool has_placeholders(std::string_view text) {
  SqlTokens tokens(text);
  for (SqlToken token = tokens.next(); token.kind != Kind::kEnd; token = tokens.next()) {
    if (token.kind == Kind::kPlaceholder) return true;
  }
  return false;
}

}  // namespace kolben::agent
