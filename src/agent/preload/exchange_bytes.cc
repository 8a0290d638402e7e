// The part of Connections that reads HTTP/1.x: what the bytes of requests and responses come to,
// and which trace a request belongs to once its head is complete.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/ids.h"
#include "agent/protocols/request_url.h"

namespace kolben::agent {

using http1::Looks;
using http1::Message;

bool Connections::feed_requests(ThreadState& thread, Socket& socket, int file, const iovec* pieces,
                                int count, std::size_t bytes) {
  bool is_understood = true;
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    if (is_understood) is_understood = feed_request(thread, socket, file, piece, size);
  });
  return is_understood;
}

bool Connections::feed_request(ThreadState& thread, Socket& socket, int file,
                               const std::uint8_t* bytes, std::size_t size) {
  const bool is_client = socket.role.load(std::memory_order_relaxed) == Role::kClient;
  while (size != 0) {
    OpenExchange* exchange = socket.last;
    if (exchange == nullptr || exchange->request.complete()) {
      // RFC 9112, 2.2: a line end before a request is no part of it.
      if (*bytes == '\r' || *bytes == '\n') [[unlikely]] {
        ++bytes;
        --size;
        continue;
      }
      if (http1::looks_like_request(bytes, size) == Looks::kNo) [[unlikely]] {
        return false;
      }
      exchange = begin(thread, socket, file, is_client);
      if (exchange == nullptr) [[unlikely]]
        return false;
    }
    exchange->is_expected = false;
    const std::size_t used = exchange->request.feed(bytes, size);
    if (exchange->request.failed()) [[unlikely]] {
      return false;
    }
    if (!exchange->head_seen && exchange->request.head_complete()) {
      request_head_complete(thread, socket, exchange);
      if (exchange->response_begun) [[unlikely]] {
        if (!answered_before(thread, socket, exchange)) return true;
      }
    } else if (!is_client && exchange->head_seen && !exchange->recorded && socket.first == exchange)
        [[unlikely]] {
      reads(thread, exchange);
    }
    if (exchange->recorded && exchange->request.complete() && socket.first == exchange)
        [[unlikely]] {
      end(socket, exchange);
    }
    bytes += used;
    size -= used;
  }
  return true;
}

// Not inlined: of no matter to requests that are served.
__attribute__((noinline)) bool Connections::inherit_process(ThreadState& thread,
                                                            OpenExchange* exchange) {
  const Context* process = process_context(thread);
  if (process == nullptr) return false;
  std::memcpy(exchange->self.trace_id, process->trace_id, 16);
  std::memcpy(exchange->parent_span_id, process->span_id, 8);
  exchange->self.flags = sampler_->child(exchange->self.trace_id, process->flags);
  return true;
}

// From the request on whose behalf it is made, else from the process, or a new trace.
void Connections::inherit_trace(ThreadState& thread, OpenExchange* exchange) {
  const Context& relative = exchange->relative;
  if (exchange->tie != Tie::kNone) {
    std::memcpy(exchange->parent_span_id, relative.span_id, sizeof(exchange->parent_span_id));
  }
  exchange->is_linked = exchange->tie == Tie::kLink;
  if (exchange->tie == Tie::kParent) {
    std::memcpy(exchange->self.trace_id, relative.trace_id, sizeof(exchange->self.trace_id));
    exchange->self.flags = sampler_->child(relative.trace_id, relative.flags);
  } else if (exchange->tie == Tie::kLink || !exchange->is_client.load(std::memory_order_relaxed) ||
             !inherit_process(thread, exchange)) {
    random_trace_id(thread, *system_, generation_, exchange->self.trace_id);
    if (exchange->is_excluded) [[unlikely]] {
      exchange->self.flags = 0;
    } else if (sampler_->is_remote()) [[unlikely]] {
      choose_by_strategy(exchange);
    } else {
      exchange->self.flags = sampler_->root(exchange->self.trace_id);
    }
  }
}

// Which may name what is served.
void Connections::choose_by_strategy(OpenExchange* exchange) const {
  const http1::HeadBuffer& head = exchange->request.head();
  const bool is_client = exchange->is_client.load(std::memory_order_relaxed);
  exchange->self.flags = sampler_->root(
      exchange->self.trace_id, is_client ? Operation() : operation_of(head.bytes, head.size));
}

// Another thread has read the answer, or its begin, while this one was still within its write.
// False: this is no HTTP any more.
__attribute__((noinline)) bool Connections::answered_before(ThreadState& thread, Socket& socket,
                                                            OpenExchange* exchange) {
  if (!exchange->response.complete()) return true;
  record(thread, socket, exchange, exchange->last_time, EndReason::kComplete);
  if (exchange->response.switches_protocol()) give_up(socket);
  return socket.first == exchange;
}

// The trace is known from here on.
void Connections::request_head_complete(ThreadState& thread, Socket& socket,
                                        OpenExchange* exchange) {
  exchange->head_seen = true;
  const bool is_client = exchange->is_client.load(std::memory_order_relaxed);
  // Before its trace: one that is left out takes nothing from a limit.
  if (excluded_ != nullptr && !is_client) [[unlikely]] {
    exchange->is_excluded = is_url_excluded(*exchange);
  }
  Traceparent header;
  const bool valid = exchange->request.trace_headers().context(formats_, &header);
  // What we have written into the request ourselves is known already.
  if (valid && !exchange->has_injected) {
    // A client that writes the header itself has a span of its own: ours is below it.
    std::memcpy(exchange->self.trace_id, header.trace_id, sizeof(header.trace_id));
    std::memcpy(exchange->parent_span_id, header.span_id, sizeof(header.span_id));
    constexpr std::uint8_t kDefined = 3;  // sampled, random
    exchange->self.flags = sampler_->child(exchange->self.trace_id, header.flags & kDefined);
    exchange->parent_is_remote = !is_client;
  } else if (!exchange->has_injected) {
    inherit_trace(thread, exchange);
  }
  // What follows the parent is left out, too, here and in the next program.
  constexpr std::uint8_t kSampled = 1;
  if (exchange->is_excluded) [[unlikely]] {
    exchange->self.flags = static_cast<std::uint8_t>(exchange->self.flags & ~kSampled);
  }
  show(thread, socket, exchange);
  if (is_client) return;
  count_served(exchange);
  socket.first == exchange ? reads(thread, exchange) : reads_ahead(thread);
}

bool Connections::is_url_excluded(const OpenExchange& exchange) const {
  const http1::HeadBuffer& head = exchange.request.head();
  char url[kUrlBytesMax];
  const auto* text = reinterpret_cast<const char*>(head.bytes);
  return excluded_->match(url, request_url(text, head.size, url));
}

void Connections::feed_response(ThreadState& thread, Socket& socket, const std::uint8_t* bytes,
                                std::size_t size) {
  while (size != 0) {
    OpenExchange* exchange = socket.first;
    // Bytes without a request, or after the answer: nothing to put them to.
    if (exchange == nullptr) [[unlikely]]
      return;
    if (exchange->recorded) [[unlikely]] {
      if (exchange->request.unframed()) more_than_answered(socket);
      return;
    }
    if (!exchange->head_seen && !exchange->is_expected &&
        !answers_early(thread, socket, exchange, bytes, size)) [[unlikely]] {
      return;
    }
    if (exchange->generation != generation_) [[unlikely]] {
      takes_over_inherited(thread, socket);
      continue;
    }
    if (!exchange->response_begun) {
      if (exchange->next != nullptr && settle(thread, socket)) [[unlikely]]
        continue;
      exchange->response_begun = true;
      if (captured_ == nullptr) [[likely]] {
        exchange->response.begin(Message::Kind::kResponse, {}, exchange->request.method());
      } else {
        begin_captured_response(exchange);
      }
    }
    const std::size_t used = exchange->response.feed(bytes, size);
    bytes += used;
    size -= used;
    if (exchange->response.complete() && exchange->response.interim()) [[unlikely]] {
      exchange->response_begun = false;
      continue;
    }
    response_advanced(thread, socket, exchange);
    if (used == 0) return;
  }
}

// A server does not wait for the end of a head that it refuses (400), or that does not come (408).
__attribute__((noinline)) bool Connections::answers_early(ThreadState& thread, Socket& socket,
                                                          OpenExchange* exchange,
                                                          const std::uint8_t* bytes,
                                                          std::size_t size) {
  constexpr char kBegin[] = {'H', 'T', 'T', 'P', '/'};
  if (exchange->is_client.load(std::memory_order_relaxed) || !exchange->request.start_line_seen() ||
      size < sizeof(kBegin) || std::memcmp(bytes, kBegin, sizeof(kBegin)) != 0) {
    return false;
  }
  request_head_complete(thread, socket, exchange);
  return true;
}

void Connections::begin_captured_response(OpenExchange* exchange) const {
  const bool is_client = exchange->is_client.load(std::memory_order_relaxed);
  exchange->response.begin(Message::Kind::kResponse,
                           {exchange->response_head, kResponseHeadBytesMax, 0},
                           exchange->request.method());
  exchange->response.keep_also(captured_->of(is_client, true));
}

// After bytes of the response, or its end.
void Connections::response_advanced(ThreadState& thread, Socket& socket, OpenExchange* exchange) {
  if (exchange->response.failed()) [[unlikely]] {
    return not_answered_here(socket, exchange);
  }
  if (exchange->is_client.load(std::memory_order_relaxed)) {
    // An event loop that goes on with the request on whose behalf it asked.
    goes_on(thread, exchange->owner, exchange->owner_context);
  } else if (!(thread.request == reference_to(exchange))) [[unlikely]] {
    writes(thread, exchange);
  }
  if (!exchange->response.complete()) {
    if (exchange->response.until_close()) [[unlikely]] {
      exchange->last_time = system_->now();
    }
    return;
  }
  if (!exchange->head_seen) [[unlikely]] {  // see answered_before()
    exchange->last_time = system_->now();
    return;
  }
  const bool switches = exchange->response.switches_protocol();
  const std::uint64_t time = exchange->last_time != 0 ? exchange->last_time : system_->now();
  record(thread, socket, exchange, time, EndReason::kComplete);
  if (switches) [[unlikely]] {
    return give_up(socket);
  }
  if (!exchange->request.complete()) [[unlikely]]
    return;
  end(socket, exchange);
  if (socket.first != nullptr) [[unlikely]] {
    reads_next(thread, socket, exchange);
  }
}

}  // namespace kolben::agent
