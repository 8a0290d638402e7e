// The attributes of a call to a database, by the old semantic conventions (1.11), the stable ones
// (1.33 and later) or both. The old ones are in the order in which opentelemetry-python-contrib
// 0.48b0 sets them (instrumentation-dbapi), because the console prints them in that order.
// Source: semantic-conventions, database-spans.md, mysql.md, postgresql.md, redis.md.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/settings.h"
#include "agent/process/streams.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

// Appends to `attributes`; texts are copied into the arena.
void add_database_attributes(const DatabaseCall& call, const StreamPeer& peer,
                             SemanticConventions conventions, Attributes& attributes, Arena& arena);

// "SELECT users" by the stable conventions, the first word of it by the old ones.
std::string database_span_name(const DatabaseCall& call, const StreamPeer& peer, bool is_stable);

// The value of error.type; empty where the call is no error.
std::string_view database_error_type(const DatabaseCall& call);

}  // namespace kolben::agent
