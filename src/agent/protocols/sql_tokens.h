// The words of a SQL text, as far as literals, comments and names have to be told apart: those of
// standard SQL and of PostgreSQL (dollar quotes, E'...' with backslashes), or those of MySQL (texts
// in either quotes, with backslashes; # comments), or SQLite's (texts in double quotes too, where
// no column has that name: what may be one is taken for one). Where a setting that is not known
// decides whether a backslash escapes the quote behind it, all that follows is taken for the
// literal. Source: PostgreSQL documentation, "SQL Syntax", "Lexical Structure"; MySQL
// documentation, "Language Structure"; SQLite documentation, "Quirks, Caveats, and Gotchas", 8.
#pragma once

#include <string_view>

namespace kolben::agent {

enum class SqlDialect {
  kStandard,
  kMysql,
  kMysqlWithoutBackslashes,  // its sql_mode NO_BACKSLASH_ESCAPES
  kMysqlOfUnknownMode,       // one of the two
  kSqlite,
};

struct SqlToken {
  enum class Kind {
    kEnd,
    kBlank,
    kComment,
    kLiteral,      // a number, with its sign where it has one; a text
    kPlaceholder,  // $1; SQLite's: ?1 :name $name
    kName,         // a word or a quoted name, with its dots: dbo."Table"
    kSign,         // any other character
  };
  Kind kind = Kind::kEnd;
  std::string_view text;
};

class SqlTokens {
 public:
  explicit SqlTokens(std::string_view text, SqlDialect dialect = SqlDialect::kStandard)
      : rest_(text), dialect_(dialect) {}
  SqlToken next();

 private:
  SqlToken next_token();
  SqlToken take(SqlToken::Kind kind, std::size_t size);
  std::size_t comment() const;
  std::size_t literal() const;
  std::size_t sqlite_literal() const;
  void note(const SqlToken& token);

  std::string_view rest_;
  SqlDialect dialect_;
  bool expects_name_ = false;  // SQLite: of a table, say
};

}  // namespace kolben::agent
