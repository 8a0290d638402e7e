// What a thread works for, as a number that a runtime's shim carries between threads and callbacks.
#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

OpenExchange* Connections::exchange_of(std::uint64_t number, std::uint64_t* id) {
  const auto place = static_cast<std::uint32_t>(number & ((1U << kPlaceBits) - 1));
  if (number == 0 || place >= exchanges_.used()) return nullptr;
  OpenExchange* exchange = exchanges_.at(place);
  *id = exchange->id.load(std::memory_order_acquire);
  return *id != 0 && (*id & kTurnMask) == number >> kPlaceBits ? exchange : nullptr;
}

std::uint64_t Connections::request(const ThreadState& thread) {
  if (thread.mixes_requests) return kSeveralRequests;
  return serves(thread) ? number_of(thread.request.exchange, thread.request.id) : 0;
}

void Connections::work_for(ThreadState& thread, std::uint64_t request) {
  thread.is_told = true;
  thread.mixes_requests = request == kSeveralRequests;
  thread.request = {};
  thread.request_context = {};
  std::uint64_t id = 0;
  OpenExchange* exchange = exchange_of(request, &id);
  if (exchange == nullptr) return;
  serve(thread, exchange, false);
  // It may have ended meanwhile in another thread, and its place be used again.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (exchange->id.load(std::memory_order_relaxed) == id) return;
  thread.request = {};
  thread.request_context = {};
}

void Connections::work_for_alone(ThreadState& thread, std::uint64_t request) {
  std::uint64_t id = 0;
  const OpenExchange* exchange = exchange_of(request, &id);
  const bool is_certain = exchange != nullptr && serves_alone(thread, true);
  work_for(thread, is_certain ? request : 0);
}

void Connections::speak_for(ThreadState& thread, std::uint64_t request) {
  work_for(thread, request);
  const auto place = static_cast<std::uint32_t>(request & ((1U << kPlaceBits) - 1));
  if (serves(thread) || request == 0 || place >= exchanges_.used()) return;
  // Its place was not used again: what stands there is its own.
  const OpenExchange* exchange = exchanges_.at(place);
  if ((exchange->turn & kTurnMask) == request >> kPlaceBits)
    thread.request_context = exchange->self;
}

std::uint64_t Connections::take_request(const ThreadState& thread) {
  if (!alive(thread.last_read)) return 0;
  const std::uint32_t file = thread.last_read.exchange->file.load(std::memory_order_relaxed);
  Socket* socket = find(static_cast<int>(file) - 1);
  SocketLock lock(*system_, socket);
  if (!lock || !alive(thread.last_read)) return 0;
  for (OpenExchange* exchange = socket->first; exchange != nullptr; exchange = exchange->next) {
    if (exchange->is_taken || !exchange->head_seen) continue;
    exchange->is_taken = true;
    return number_of(exchange, exchange->id.load(std::memory_order_relaxed));
  }
  return 0;
}

}  // namespace kolben::agent
