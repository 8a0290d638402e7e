// The part of Connections for what the application says of the request that it serves: its route,
// and attributes.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"
#include "agent/ring/attribute_codec.h"

namespace kolben::agent {

void Connections::set_route(ThreadState& thread, const char* route, std::size_t size) {
  if (!serves(thread)) return;
  OpenExchange* exchange = thread.request.exchange;
  Socket* socket = find(static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  SocketLock lock(*system_, socket);
  if (!lock || !serves(thread)) return;
  if (size > kRouteBytesMax) {
    count_untraced(ring_);
    size = kRouteBytesMax;
  }
  std::memcpy(exchange->said.route, route, size);
  exchange->route_size = static_cast<std::uint32_t>(size);
}

bool Connections::add_attribute(ThreadState& thread, const kolben_attribute& attribute) {
  if (!serves(thread)) return true;
  OpenExchange* exchange = thread.request.exchange;
  Socket* socket = find(static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  SocketLock lock(*system_, socket);
  if (!lock || !serves(thread)) return true;
  AttributeEncoder encoder(exchange->said.attributes, kAttributesBytesMax,
                           exchange->attributes_size);
  const bool fitted = encoder.add(attribute);
  exchange->attributes_size = encoder.size();
  if (!fitted) count_untraced(ring_);
  return fitted;
}

void Connections::add_packed(ThreadState& thread, const void* attributes, std::size_t size) {
  if (!serves(thread)) return;
  OpenExchange* exchange = thread.request.exchange;
  Socket* socket = find(static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  SocketLock lock(*system_, socket);
  if (!lock || !serves(thread)) return;
  const std::uint32_t used = exchange->attributes_size;
  if (used > kAttributesBytesMax || size > kAttributesBytesMax - used) return count_untraced(ring_);
  std::memcpy(exchange->said.attributes + used, attributes, size);
  exchange->attributes_size = used + static_cast<std::uint32_t>(size);
}

}  // namespace kolben::agent
