// What a thread works for, as a number that a runtime's shim carries between threads and callbacks:
// the exchange's place below, its turn above.
#include "agent/preload/connections.h"

namespace kolben::agent {
namespace {

constexpr unsigned kPlaceBits = 13;
constexpr unsigned kTurnBits = 40;
constexpr std::uint64_t kTurnMask = (std::uint64_t{1} << kTurnBits) - 1;
static_assert(kExchangesMax <= 1U << kPlaceBits);
static_assert(kPlaceBits + kTurnBits == 53, "JavaScript's numbers are exact so far");

}  // namespace

std::uint64_t Connections::request(const ThreadState& thread) {
  if (!serves(thread)) return 0;
  return (thread.request.id & kTurnMask) << kPlaceBits |
         exchanges_.index_of(thread.request.exchange);
}

void Connections::work_for(ThreadState& thread, std::uint64_t request) {
  thread.is_told = true;
  thread.request = {};
  thread.request_context = {};
  const auto place = static_cast<std::uint32_t>(request & ((1U << kPlaceBits) - 1));
  if (request == 0 || place >= exchanges_.used()) return;
  OpenExchange* exchange = exchanges_.at(place);
  const std::uint64_t id = exchange->id.load(std::memory_order_acquire);
  if (id == 0 || (id & kTurnMask) != request >> kPlaceBits) return;
  serve(thread, exchange, false);
  // It may have ended meanwhile in another thread, and its place be used again.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (exchange->id.load(std::memory_order_relaxed) == id) return;
  thread.request = {};
  thread.request_context = {};
}

}  // namespace kolben::agent
