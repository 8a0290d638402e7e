// What is told of a query's text: the text, without literals unless somebody wants them, and its
// summary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/protocols/database_call.h"

namespace kolben::agent {

enum class QueryTexts : bool { kSanitized, kAsWritten };

struct QueryText {
  std::string text, summary;
  std::size_t bytes() const { return text.size() + summary.size(); }
};
using Query = std::shared_ptr<const QueryText>;  // null: unknown

// Whose connection it is.
struct Session {
  std::string database, user;
};

// A call that has ended, complete.
inline void complete(DatabaseCall& call, const Session& session, const Query& query,
                     std::uint64_t time, CallEnd end) {
  call.end_time = time;
  call.end = end;
  call.database = session.database;
  call.user = session.user;
  if (query == nullptr) return;
  call.text = query->text;
  call.summary = query->summary;
}

}  // namespace kolben::agent
