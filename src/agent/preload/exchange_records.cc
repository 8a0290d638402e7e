// The part of Connections that tells the agent process of exchanges: where they stand in the open
// table, and their records.
#include <cstring>

#include "agent/preload/connections.h"

namespace kolben::agent {

// Into the open table: should the program be killed from here on, the agent process tells of it.
void Connections::show(ThreadState& thread, Socket& socket, OpenExchange* exchange) {
  if (!socket.named) [[unlikely]] {
    name_socket(socket, static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  }
  fill_fixed(socket, exchange);
  OpenEntry* entry = entries_.entry_of(exchanges_.index_of(exchange));
  exchange->entry = entry;
  if (entry == nullptr) [[unlikely]] {
    return;
  }
  entry->fixed = exchange->fixed;
  entry->tid = thread.tid;
  entry->type = exchange->is_client.load(std::memory_order_relaxed) ? RecordType::kClientExchange
                                                                    : RecordType::kServerExchange;
  std::uint8_t* to = entry->texts;
  std::memcpy(to, socket.names.local, socket.names.local_size);
  to += socket.names.local_size;
  std::memcpy(to, socket.names.peer, socket.names.peer_size);
  to += socket.names.peer_size;
  const auto room = static_cast<std::uint32_t>(entry->texts + kOpenTextBytesMax - to);
  const std::uint32_t size = exchange->request.head().size;
  std::memcpy(to, exchange->request_head, size < room ? size : room);
  entry->pid.store(pid_, std::memory_order_release);
}

void Connections::hide(OpenExchange* exchange) const {
  // After a fork the parent's entry is the parent's.
  if (exchange->entry != nullptr && exchange->generation == generation_) {
    exchange->entry->pid.store(0, std::memory_order_relaxed);
  }
  exchange->entry = nullptr;
}

void Connections::name_socket(Socket& socket, int file) {
  if (socket.named) return;
  socket.named = true;
  system_->socket_names(file, &socket.names);
}

// What is known of the exchange when the request's head is.
void Connections::fill_fixed(const Socket& socket, OpenExchange* exchange) {
  Exchange& fixed = exchange->fixed;
  fixed = {};
  fixed.start_time = exchange->start_time;
  fixed.self = exchange->self;
  std::memcpy(fixed.parent_span_id, exchange->parent_span_id, sizeof(fixed.parent_span_id));
  fixed.local_port = socket.names.local_port;
  fixed.peer_port = socket.names.peer_port;
  fixed.local_address_size = socket.names.local_size;
  fixed.peer_address_size = socket.names.peer_size;
  fixed.parent_is_remote = exchange->parent_is_remote ? 1 : 0;
  fixed.is_encrypted = socket.is_encrypted ? 1 : 0;
  fixed.is_excluded = exchange->is_excluded ? 1 : 0;
  fixed.request_head_size = static_cast<std::uint16_t>(exchange->request.head().size);
  fixed.linked_size = exchange->is_linked ? kLinkedBytes : 0;
}

void Connections::record(ThreadState& thread, Socket& socket, OpenExchange* exchange,
                         std::uint64_t end_time, EndReason end_reason) {
  exchange->recorded = true;
  exchange->id.store(0, std::memory_order_relaxed);
  uncount_served(exchange);
  Exchange& fixed = exchange->fixed;
  fixed.end_time = end_time > exchange->start_time ? end_time : exchange->start_time;
  if (thread.request.exchange == exchange) thread.request_ended = fixed.end_time;
  fixed.request_body_bytes = exchange->request.body_bytes();
  fixed.end_reason = end_reason;
  if (exchange->response_begun) {
    fixed.response_body_bytes = exchange->response.body_bytes();
    fixed.response_status = static_cast<std::uint16_t>(exchange->response.status());
    fixed.response_minor_version = exchange->response.minor_version();
    fixed.response_head_size = static_cast<std::uint16_t>(exchange->response.head().size);
  }
  fixed.route_size = static_cast<std::uint16_t>(exchange->route_size);
  fixed.attributes_size = static_cast<std::uint16_t>(exchange->attributes_size);

  const auto usual = static_cast<std::uint32_t>(sizeof(fixed) + fixed.local_address_size +
                                                fixed.peer_address_size + fixed.request_head_size);
  const auto payload = static_cast<std::uint32_t>(usual + fixed.route_size + fixed.attributes_size +
                                                  fixed.linked_size + fixed.response_head_size);
  {
    RecordWriter writer(ring_,
                        exchange->is_client.load(std::memory_order_relaxed)
                            ? RecordType::kClientExchange
                            : RecordType::kServerExchange,
                        payload, pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
    writer.append(socket.names.local, fixed.local_address_size);
    writer.append(socket.names.peer, fixed.peer_address_size);
    writer.append(exchange->request_head, fixed.request_head_size);
    if (payload != usual) [[unlikely]] {
      writer.append(exchange->route, fixed.route_size);
      writer.append(exchange->attributes, fixed.attributes_size);
      writer.append(exchange->relative.trace_id, fixed.linked_size);
      writer.append(exchange->response_head, fixed.response_head_size);
    }
  }
  // After the record: a kill in between shows the exchange twice, which the agent process sees.
  hide(exchange);
}

}  // namespace kolben::agent
