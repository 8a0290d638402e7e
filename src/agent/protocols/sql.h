// SQL texts as telemetry may show them. Pure functions; linear in the text.
// Source: OpenTelemetry semantic conventions, "Database client spans": "Sanitization of
// db.query.text" and "Generating a summary of the query text".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/protocols/sql_tokens.h"

namespace kolben::agent {

inline constexpr std::size_t kSummaryBytesMax = 255;

// The text with '?' for each literal and without comments. A text that was cut within a literal
// ends in '?'.
std::string sanitized_sql(std::string_view text, SqlDialect dialect = SqlDialect::kStandard);

// Operations and their targets in the order of the text: "SELECT songs artists". At most
// kSummaryBytesMax, cut between words.
std::string sql_summary(std::string_view text, SqlDialect dialect = SqlDialect::kStandard);

// Whether values come apart from the text: it has placeholders ($1).
bool has_placeholders(std::string_view text);

}  // namespace kolben::agent
