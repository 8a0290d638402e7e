// The part of Connections that tells the agent process of exchanges: where they stand in the open
// table, and their records.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/ring/small_copy.h"

namespace kolben::agent {
namespace {

RecordType type_of(const OpenExchange& exchange) {
  return exchange.is_client.load(std::memory_order_relaxed) ? RecordType::kClientExchange
                                                            : RecordType::kServerExchange;
}

// Of the addresses and the request's head.
std::uint32_t text_bytes(const Socket& socket, const OpenExchange& exchange) {
  return std::uint32_t{socket.names.local_size} + socket.names.peer_size +
         exchange.request.head().size;
}

}  // namespace

// Into the open table: should the program be killed from here on, the agent process tells of it.
void Connections::show(ThreadState& thread, Socket& socket, OpenExchange* exchange) {
  if (!socket.named) [[unlikely]] {
    name_socket(socket, static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  }
  OpenEntry* entry = entries_.entry_of(exchanges_.index_of(exchange));
  exchange->entry = entry;
  if (entry == nullptr) [[unlikely]] {
    return;
  }
  fill(socket, *exchange, &entry->fixed);
  entry->tid = thread.tid;
  entry->type = type_of(*exchange);
  std::uint8_t* to = entry->texts;
  copy_small(to, socket.names.local, socket.names.local_size);
  to += socket.names.local_size;
  copy_small(to, socket.names.peer, socket.names.peer_size);
  to += socket.names.peer_size;
  const auto room = static_cast<std::uint32_t>(entry->texts + kOpenTextBytesMax - to);
  const std::uint32_t size = exchange->request.head().size;
  copy_small(to, exchange->request_head, size < room ? size : room);
  exchange->is_shown_whole = size <= room && exchange->request.head_complete();
  entry->pid.store(pid_, std::memory_order_release);
}

void Connections::hide(OpenExchange* exchange) const {
  // After a fork the parent's entry is the parent's.
  if (exchange->entry != nullptr && exchange->generation == generation_) {
    exchange->entry->pid.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);  // before the next one, see copy_entry()
  }
  exchange->entry = nullptr;
}

void Connections::name_socket(Socket& socket, int file) {
  if (socket.named) return;
  socket.named = true;
  system_->socket_names(file, &socket.names);
}

// What is known of the exchange when the request's head is. Every field, one by one: the place is
// in shared memory, and a copy of what was just written in parts would wait for them.
void Connections::fill(const Socket& socket, const OpenExchange& exchange, Exchange* to) {
  to->start_time = exchange.start_time;
  to->end_time = 0;
  to->self = exchange.self;
  std::memcpy(to->parent_span_id, exchange.parent_span_id, sizeof(to->parent_span_id));
  to->request_body_bytes = 0;
  to->response_body_bytes = 0;
  to->local_port = socket.names.local_port;
  to->peer_port = socket.names.peer_port;
  to->local_address_size = socket.names.local_size;
  to->peer_address_size = socket.names.peer_size;
  to->end_reason = EndReason::kComplete;
  to->parent_is_remote = exchange.parent_is_remote ? 1 : 0;
  to->response_status = 0;
  to->response_minor_version = 0;
  to->is_encrypted = socket.is_encrypted ? 1 : 0;
  to->request_head_size = static_cast<std::uint16_t>(exchange.request.head().size);
  to->route_size = 0;
  to->attributes_size = 0;
  to->linked_size = exchange.is_linked ? kLinkedBytes : 0;
  to->response_head_size = 0;
  to->is_excluded = exchange.is_excluded ? 1 : 0;
  to->has_no_sizes = exchange.is_body_elsewhere ? 1 : 0;
}

void Connections::fill_response(const OpenExchange& exchange, Exchange* to) {
  if (exchange.response_begun) {
    to->response_body_bytes = exchange.response.body_bytes();
    to->response_status = static_cast<std::uint16_t>(exchange.response.status());
    to->response_minor_version = exchange.response.minor_version();
    to->response_head_size = static_cast<std::uint16_t>(exchange.response.head().size);
  } else if (exchange.told != 0) {
    to->response_status = exchange.told_status;
    to->response_minor_version = exchange.told_version;
    to->has_no_sizes = 1;
  }
}

// Whether the open table has all that is known when the request's head is: not of a long head, nor
// of one that was answered early and went on, nor where the addresses became known, or others,
// since. After a fork the parent's entry is the parent's.
bool Connections::stands_whole(const Socket& socket, const OpenExchange& exchange) const {
  if (exchange.entry == nullptr || !exchange.is_shown_whole || exchange.generation != generation_) {
    return false;
  }
  const Exchange& fixed = exchange.entry->fixed;
  return fixed.local_port == socket.names.local_port && fixed.peer_port == socket.names.peer_port &&
         fixed.local_address_size == socket.names.local_size &&
         fixed.peer_address_size == socket.names.peer_size &&
         fixed.request_head_size == exchange.request.head().size;
}

// Null: there was no room for the record.
Exchange* Connections::begin_record(const Socket& socket, const OpenExchange& exchange,
                                    RecordWriter& writer) const {
  Exchange* fixed = writer.begin<Exchange>();
  if (fixed == nullptr) return nullptr;
  if (stands_whole(socket, exchange)) [[likely]] {
    *fixed = exchange.entry->fixed;
    writer.append(exchange.entry->texts, text_bytes(socket, exchange));
    return fixed;
  }
  fill(socket, exchange, fixed);
  writer.append(socket.names.local, socket.names.local_size);
  writer.append(socket.names.peer, socket.names.peer_size);
  writer.append(exchange.request_head, exchange.request.head().size);
  return fixed;
}

void Connections::record(ThreadState& thread, Socket& socket, OpenExchange* exchange,
                         std::uint64_t end_time, EndReason end_reason) {
  exchange->recorded = true;
  exchange->id.store(0, std::memory_order_relaxed);
  uncount_served(exchange);
  if (end_time < exchange->start_time) end_time = exchange->start_time;
  if (thread.request.exchange == exchange) thread.request_ended = end_time;

  const std::uint32_t response_head = exchange->response_begun ? exchange->response.head().size : 0;
  const std::uint32_t more = exchange->route_size + exchange->attributes_size + response_head +
                             (exchange->is_linked ? kLinkedBytes : 0U);
  const auto payload =
      static_cast<std::uint32_t>(sizeof(Exchange)) + text_bytes(socket, *exchange) + more;
  {
    RecordWriter writer(ring_, type_of(*exchange), payload, pid_, thread.tid);
    if (Exchange* fixed = begin_record(socket, *exchange, writer); fixed != nullptr) {
      fixed->end_time = end_time;
      fixed->end_reason = end_reason;
      fixed->request_body_bytes = exchange->request.body_bytes();
      fill_response(*exchange, fixed);
      const bool has_no_status = exchange->response_begun && exchange->response.status() == 0;
      // Its head was not seen.
      if (has_no_status && end_reason == EndReason::kComplete) [[unlikely]] {
        fixed->end_reason = EndReason::kUnseen;
      }
      fixed->route_size = static_cast<std::uint16_t>(exchange->route_size);
      fixed->attributes_size = static_cast<std::uint16_t>(exchange->attributes_size);
      if (more != 0) [[unlikely]] {
        writer.append(exchange->said.route, exchange->route_size);
        writer.append(exchange->said.attributes, exchange->attributes_size);
        if (exchange->is_linked) writer.append(exchange->relative.trace_id, kLinkedBytes);
        writer.append(exchange->response_head, response_head);
      }
    }
  }
  // After the record: a kill in between shows the exchange twice, which the agent process sees.
  hide(exchange);
}

}  // namespace kolben::agent
