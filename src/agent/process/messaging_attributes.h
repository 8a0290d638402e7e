// The attributes of a call to a broker of messages, by the semantic conventions (1.37), which are
// not stable yet. Source: semantic-conventions, messaging-spans.md, kafka.md.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/streams.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

// "send orders"
std::string messaging_span_name(const MessagingCall& call);
// Appends to `attributes`; texts are copied into the arena.
void add_messaging_attributes(const MessagingCall& call, const StreamPeer& peer,
                              Attributes& attributes, Arena& arena);
// The value of error.type; empty where the call is no error.
std::string messaging_error_type(const MessagingCall& call);

}  // namespace kolben::agent
