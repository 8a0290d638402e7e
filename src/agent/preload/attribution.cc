// The part of Connections that knows for which request a thread works, and how certain that is.
//
// A thread that serves one request after another works for the one that it read last. One that
// waits for events and then handles them works for the request whose event it is at, which can be
// seen only where the event is the turn's only one: callbacks are put off, timers fire, pools hand
// a connection to whoever waited for one. Whatever else brings the thread to a request (an answer
// that it waited for, who has opened the connection) is a guess. A guess is a parent only where no
// other request is served; else it is a link. Never is a span below a request that it may not
// belong to.
//
// Some programs handle each event to its end before the next one (works_event_by_event()): there
// the last event is certain, and so is who opened a connection for the first request on it.
#include "agent/preload/connections.h"

namespace kolben::agent {
namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

}  // namespace

void Connections::forget(ThreadState& thread) {
  thread.request = {};
  thread.request_context = {};
  thread.request_is_guess = false;
}

// --- what brings a thread to a request -----------------------------------------------------------

void Connections::waits_for_events(ThreadState& thread) {
  // While it serves a request a thread may wait within a library (gRPC's does).
  if (!alive(thread.last_read)) becomes_loop(thread);
  thread.loop.has_single_event = false;
  forget(thread);
}

void Connections::becomes_loop(ThreadState& thread) {
  if (thread.loop.is_one) return;
  thread.loop.is_one = true;
  loops_.fetch_add(1, std::memory_order_relaxed);
}

// A loop knows by its own clock when its next timer is due, and that clock was set at the end of
// the wait before, or later.
void Connections::events_came(ThreadState& thread, int events, std::int64_t timeout) {
  EventLoop& loop = thread.loop;
  if (!loop.is_one) return;
  const std::uint64_t known_since = loop.turn_began;
  loop.turn_began = system_->coarse_now();
  loop.timers_due = timeout < 0 ? kNever : known_since + static_cast<std::uint64_t>(timeout);
  // Without a timeout it has more to do than what came.
  loop.has_single_event = events == 1 && timeout != 0;
}

// Bytes of the request that the connection's next response is for.
void Connections::reads(ThreadState& thread, OpenExchange* exchange) {
  const ExchangeReference request = reference_to(exchange);
  if (thread.request == request) return;
  // Two at a time, whatever it waits with.
  if (alive(thread.last_read) && thread.last_read != request) becomes_loop(thread);
  thread.last_read = request;
  if (thread.is_told_of_greenlets && (thread.mixes_requests || serves(thread))) [[unlikely]] {
    thread.mixes_requests = true;
    return forget(thread);
  }
  serve(thread, exchange, false);
  if (!thread.loop.is_one || works_event_by_event_) return;
  // Where loops share their work, a turn's event is not known.
  const bool is_its_event =
      thread.loop.has_single_event && loops_.load(std::memory_order_relaxed) == 1;
  thread.loop.has_single_event = false;
  thread.request_is_guess = !is_its_event;
}

// A request that came while the ones before it on its connection were not answered: whose is what
// the thread does next?
void Connections::reads_ahead(ThreadState& thread) const {
  if (!works_event_by_event_) forget(thread);
}

// The turn of the next one on the connection has come.
void Connections::reads_next(ThreadState& thread, const Socket& socket, const OpenExchange* ended) {
  OpenExchange* next = socket.first;
  if (thread.is_told || thread.request.exchange != ended) return;
  if (next->head_seen && !next->recorded) serve(thread, next, thread.request_is_guess);
}

// Bytes of the response to another one than it is at.
void Connections::writes(ThreadState& thread, OpenExchange* exchange) {
  if (thread.is_told) return;
  if (serves(thread) && !thread.loop.is_one) return;
  serve(thread, exchange, !works_event_by_event_ || !thread.loop.is_one);
}

// An answer to what that request asked has come, or its connection has ended.
void Connections::goes_on(ThreadState& thread, const ExchangeReference& request,
                          const Context& context) const {
  if (thread.is_told || thread.request == request) return;
  if (serves(thread) && !thread.loop.is_one) return;
  const bool is_certain = works_event_by_event_ && thread.loop.is_one;
  if (!alive(request) || !(is_certain || serves_alone(thread, true))) return goes_elsewhere(thread);
  thread.loop.has_single_event = false;
  thread.request = request;
  thread.request_context = context;
  thread.request_is_guess = !is_certain;
}

// An event of which nobody knows whose it is.
void Connections::goes_elsewhere(ThreadState& thread) {
  if (!thread.loop.is_one || thread.is_told) return;
  thread.loop.has_single_event = false;
  forget(thread);
}

// --- for whom a thread asks ----------------------------------------------------------------------

bool Connections::is_guess(const ThreadState& thread, std::uint64_t now) {
  if (thread.is_told) return false;
  return thread.request_is_guess || (thread.loop.is_one && now >= thread.loop.timers_due);
}

Opener Connections::opener_of(const ThreadState& thread) const {
  Opener opener;
  opener.is_unused = true;
  if (!serves(thread)) return opener;
  opener.request = thread.request;
  opener.context = thread.request_context;
  opener.is_guess = is_guess(thread, thread.loop.is_one ? system_->now() : 0);
  return opener;
}

Asker Connections::asker_of(const ThreadState& thread, const Opener& opener,
                            std::uint64_t now) const {
  const bool is_opened = !thread.is_told && alive(opener.request);
  // That the connection is there is an event of its own, whoever opened it.
  if (opener.is_unused && works_event_by_event_ && !thread.is_told) {
    return is_opened ? Asker{&opener.request, &opener.context, opener.is_guess} : Asker{};
  }
  if (serves(thread)) return {&thread.request, &thread.request_context, is_guess(thread, now)};
  if (is_opened) return {&opener.request, &opener.context, true};
  return {};
}

Sharing Connections::sharing_of(const OpenStream& stream) {
  if (stream.protocol == Protocol::kHttp2) return Sharing::kMultiplexed;
  return stream.is_shared.load(std::memory_order_relaxed) ? Sharing::kShared : Sharing::kAlone;
}

// A runtime writes frames of HTTP/2 when it likes, whatever its shim says of the thread.
Tie Connections::tie_of(const ThreadState& thread, const Asker& asker, Sharing sharing) const {
  const bool has_span = thread.span != 0;
  if (!has_span && asker.request == nullptr) return Tie::kNone;
  const bool may_be_guess = sharing != Sharing::kAlone || (!has_span && asker.is_guess);
  const bool guesses = sharing == Sharing::kMultiplexed || (!thread.is_told && may_be_guess);
  return guesses && !serves_alone(thread, asker.request != nullptr) ? Tie::kLink : Tie::kParent;
}

// Whether no request is served but the thread's, and no span is open but its own, so that what
// is asked now can be on nobody else's behalf. Requests of HTTP/2 are not seen here: a connection
// may have any.
bool Connections::serves_alone(const ThreadState& thread, bool has_request) const {
  return served_streams_.load(std::memory_order_relaxed) == 0 &&
         open_spans_.load(std::memory_order_relaxed) <= thread.open_spans &&
         served_.load(std::memory_order_relaxed) <= (has_request ? 1U : 0U);
}

const Context* Connections::served_for_certain(const ThreadState& thread) const {
  if (!serves(thread)) return nullptr;
  const bool guesses = is_guess(thread, thread.loop.is_one ? system_->now() : 0);
  return guesses && !serves_alone(thread, true) ? nullptr : &thread.request_context;
}

}  // namespace kolben::agent
