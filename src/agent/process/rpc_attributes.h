// What a span tells of a call of gRPC, in the old and the stable conventions.
// Sources: semantic-conventions 1.11, rpc-spans.md and grpc.md; 1.45, the same.
#pragma once

#include <string_view>

#include "agent/process/settings.h"
#include "agent/process/streams.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

// "package.Service/Method"
std::string_view rpc_span_name(const WebCall& call);
// The status is an error, or there is none. A client's mistake is no error of the server.
bool is_rpc_error(const WebCall& call, bool is_server);
void add_rpc_attributes(const WebCall& call, const StreamPeer& peer,
                        const SemanticConventions& conventions, Attributes& attributes,
                        Arena& arena);

}  // namespace kolben::agent
