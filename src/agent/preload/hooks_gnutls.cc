// GnuTLS's calls: as hooks_openssl.cc. Which file a session encrypts is found by what it reads and
// writes during a call, for what it was told may be no file.
#include <sys/types.h>

#include <cstddef>

#include "agent/preload/libraries.h"
#include "agent/preload/session_call.h"

using kolben::agent::agent_instance;
using kolben::agent::InLibrary;
using kolben::agent::SessionCall;
using kolben::agent::SessionFacts;
using kolben::agent::Side;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))
#define KOLBEN_CALLER __builtin_return_address(0)

namespace {

constexpr int kInternalError = -59;  // GNUTLS_E_INTERNAL_ERROR
constexpr unsigned kServer = 1;      // GNUTLS_SERVER
constexpr unsigned kDatagrams = 4;   // GNUTLS_DATAGRAM

SessionFacts facts_of(const void* session) {
  SessionFacts facts;
  facts.object = session;
  return facts;
}

void session_begins(const void* session, unsigned flags) {
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.sessions.ends(guard.thread(), session);  // one that was here before
  if ((flags & kDatagrams) != 0) return;
  SessionFacts facts = facts_of(session);
  facts.side = (flags & kServer) != 0 ? Side::kServer : Side::kClient;
  agent_instance.sessions.enter(guard.thread(), facts);
}

}  // namespace

extern "C" {

KOLBEN_EXPORT int gnutls_init(void** session, unsigned flags) {
  const auto function = KOLBEN_REAL_OF(gnutls_init, KOLBEN_CALLER);
  if (!function) return kInternalError;
  const int result = function(session, flags);
  if (result >= 0) session_begins(*session, flags);
  return result;
}

KOLBEN_EXPORT void gnutls_deinit(void* session) {
  const auto function = KOLBEN_REAL_OF(gnutls_deinit, KOLBEN_CALLER);
  if (!function) return;
  {
    ThreadGuard guard;
    if (guard) agent_instance.sessions.ends(guard.thread(), session);
  }
  function(session);
}

KOLBEN_EXPORT int gnutls_handshake(void* session) {
  const auto function = KOLBEN_REAL_OF(gnutls_handshake, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session);
  const SessionCall call(facts_of(session));
  return function(session);
}

KOLBEN_EXPORT ssize_t gnutls_record_recv(void* session, void* bytes, size_t size) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_recv, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, bytes, size);
  SessionCall call(facts_of(session));
  const ssize_t result = function(session, bytes, size);
  call.done();
  if (result > 0) call.received(bytes, static_cast<std::size_t>(result));
  if (result == 0 && size != 0) call.received_end();
  return result;
}

KOLBEN_EXPORT ssize_t gnutls_record_send(void* session, const void* bytes, size_t size) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_send, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, bytes, size);
  SessionCall call(facts_of(session));
  return call.write(bytes, size, false, [&](const void* from, std::size_t count) -> long {
    return function(session, from, count);
  });
}

KOLBEN_EXPORT void gnutls_record_cork(void* session) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_cork, KOLBEN_CALLER);
  if (!function) return;
  if (agent_instance.active()) SessionCall(facts_of(session)).cork(true);
  function(session);
}

KOLBEN_EXPORT int gnutls_record_uncork(void* session, unsigned flags) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_uncork, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, flags);
  SessionCall call(facts_of(session));
  const int result = function(session, flags);
  if (result >= 0) call.cork(false);
  return result;
}

KOLBEN_EXPORT ssize_t gnutls_record_send_range(void* session, const void* bytes, size_t size,
                                               const void* range) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_send_range, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, bytes, size, range);
  SessionCall call(facts_of(session));
  const ssize_t result = function(session, bytes, size, range);
  call.done();
  if (result > 0) call.sent_or_unseen(bytes, static_cast<std::size_t>(result));
  return result;
}

KOLBEN_EXPORT ssize_t gnutls_record_send_file(void* session, int file, off_t* offset, size_t size) {
  const auto function = KOLBEN_REAL_OF(gnutls_record_send_file, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, file, offset, size);
  SessionCall call(facts_of(session));
  const ssize_t result = function(session, file, offset, size);
  call.done();
  if (result > 0) call.sent_unseen(static_cast<std::size_t>(result));
  return result;
}

KOLBEN_EXPORT int gnutls_bye(void* session, int how) {
  const auto function = KOLBEN_REAL_OF(gnutls_bye, KOLBEN_CALLER);
  if (!function) return kInternalError;
  if (!agent_instance.active()) return function(session, how);
  SessionCall call(facts_of(session));
  call.shut_down();
  return function(session, how);
}

}  // extern "C"
