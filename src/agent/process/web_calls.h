// Calls over HTTP/2 on their way to spans: where they belong, and plain ones as exchanges like
// those of HTTP/1.x. What a span tells of one of gRPC: rpc_attributes.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/process/records.h"
#include "agent/process/settings.h"
#include "agent/process/streams.h"
#include "base/arena.h"

namespace kolben::agent {

// The ids of a call: several may have begun in the bytes that came with one id.
Origin origin_of(const Context& self, const std::uint8_t (&parent_span_id)[8]);
Context context_of(const Origin& origin, std::uint32_t number);

// Whose call it is was not certain.
bool is_linked(const Origin& origin);

// Where a call belongs: below the context in its request's headers, if there is one that the
// settings name, else where its bytes came from.
Origin origin_of(const WebCall& call, const Settings& settings);
// Whether `origin`, which is where the call belongs, comes from its headers.
bool has_remote_parent(const WebCall& call, const Origin& origin);

class HttpTwoExchange {
 public:
  // The view's texts are in the arena.
  HttpTwoExchange(const WebCall& call, const Origin& origin, const StreamPeer& peer, Arena& arena);
  const ExchangeView& view() const { return view_; }

 private:
  ExchangeView view_;
};

}  // namespace kolben::agent
