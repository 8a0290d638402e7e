// OpenSSL's calls (1.1, 3, and those of its kin that have the same names): what is read and written
// in the clear goes to Connections, under the session's number. The library's headers are not used:
// all that is needed of it are these functions, whose interface it keeps.
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

extern "C" {
// Only called, never hooked.
int SSL_get_rfd(const void* session);
void* SSL_get_rbio(const void* session);
int SSL_is_server(const void* session);
int SSL_get_shutdown(const void* session);
}

namespace {

constexpr int kReceivedShutdown = 2;

SessionFacts facts_of(const void* session, const void* caller, Side side = Side::kUnknown) {
  SessionFacts facts;
  facts.object = session;
  facts.side = side;
  const auto file = KOLBEN_LIBRARY(SSL_get_rfd, caller);
  const auto input = KOLBEN_LIBRARY(SSL_get_rbio, caller);
  const auto is_server = KOLBEN_LIBRARY(SSL_is_server, caller);
  if (file != nullptr) facts.file = file(session);
  if (input != nullptr) facts.input = input(session);
  if (side == Side::kUnknown && is_server != nullptr) {
    facts.side = is_server(session) != 0 ? Side::kServer : Side::kClient;
  }
  return facts;
}

void session_ends(const void* session) {
  if (session == nullptr) return;
  ThreadGuard guard;
  // Not what a library does within a call on it.
  if (!guard || guard.thread().session == session) return;
  agent_instance.sessions.ends(guard.thread(), session);
}

// After a read that brought nothing.
void note_end(SessionCall& call, const void* session, const void* caller) {
  const auto shutdown = KOLBEN_LIBRARY(SSL_get_shutdown, caller);
  if (shutdown != nullptr && (shutdown(session) & kReceivedShutdown) != 0) call.received_end();
}

void note_read(SessionCall& call, const void* session, const void* caller, const void* bytes,
               std::size_t size) {
  call.done();
  if (size != 0) {
    call.received(bytes, size);
  } else {
    note_end(call, session, caller);
  }
}

template <typename Function>
int handshake(const Function& function, void* session, Side side, const void* caller) {
  if (!function) return -1;
  if (!agent_instance.active()) return function(session);
  const SessionCall call(facts_of(session, caller, side));
  return function(session);
}

template <typename Function>
int set_file(const Function& function, void* session, int file) {
  if (!function) return 0;
  session_ends(session);
  return function(session, file);
}

}  // namespace

extern "C" {

// --- sessions ------------------------------------------------------------------------------------

KOLBEN_EXPORT void* SSL_new(void* context) {
  const auto function = KOLBEN_REAL_OF(SSL_new, KOLBEN_CALLER);
  if (!function) return nullptr;
  void* session = function(context);
  session_ends(session);  // one that was at this address before
  return session;
}

KOLBEN_EXPORT void SSL_free(void* session) {
  const auto function = KOLBEN_REAL_OF(SSL_free, KOLBEN_CALLER);
  if (!function) return;
  session_ends(session);
  function(session);
}

KOLBEN_EXPORT int SSL_clear(void* session) {
  const auto function = KOLBEN_REAL_OF(SSL_clear, KOLBEN_CALLER);
  if (!function) return 0;
  session_ends(session);
  return function(session);
}

KOLBEN_EXPORT int SSL_set_fd(void* session, int file) {
  return set_file(KOLBEN_REAL_OF(SSL_set_fd, KOLBEN_CALLER), session, file);
}

KOLBEN_EXPORT int SSL_set_rfd(void* session, int file) {
  return set_file(KOLBEN_REAL_OF(SSL_set_rfd, KOLBEN_CALLER), session, file);
}

KOLBEN_EXPORT int SSL_set_wfd(void* session, int file) {
  return set_file(KOLBEN_REAL_OF(SSL_set_wfd, KOLBEN_CALLER), session, file);
}

KOLBEN_EXPORT void SSL_set_bio(void* session, void* input, void* output) {
  const auto function = KOLBEN_REAL_OF(SSL_set_bio, KOLBEN_CALLER);
  if (!function) return;
  session_ends(session);
  function(session, input, output);
}

KOLBEN_EXPORT int SSL_connect(void* session) {
  const void* caller = KOLBEN_CALLER;
  return handshake(KOLBEN_REAL_OF(SSL_connect, caller), session, Side::kClient, caller);
}

KOLBEN_EXPORT int SSL_accept(void* session) {
  const void* caller = KOLBEN_CALLER;
  return handshake(KOLBEN_REAL_OF(SSL_accept, caller), session, Side::kServer, caller);
}

KOLBEN_EXPORT int SSL_do_handshake(void* session) {
  const void* caller = KOLBEN_CALLER;
  return handshake(KOLBEN_REAL_OF(SSL_do_handshake, caller), session, Side::kUnknown, caller);
}

KOLBEN_EXPORT int SSL_shutdown(void* session) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_shutdown, caller);
  if (!function) return -1;
  if (!agent_instance.active()) return function(session);
  SessionCall call(facts_of(session, caller));
  call.shut_down();
  return function(session);
}

// What a program hands over that reads its files itself.
KOLBEN_EXPORT int BIO_write(void* holder, const void* bytes, int size) {
  const auto function = KOLBEN_REAL_OF(BIO_write, KOLBEN_CALLER);
  if (!function) return -1;
  const int result = function(holder, bytes, size);
  if (result == size && size > 0 && kolben::agent::thread_state.ciphertext.file >= 0) {
    ThreadGuard guard;
    if (guard) {
      kolben::agent::note_taken_over(guard.thread(), holder, bytes, static_cast<std::size_t>(size));
    }
  }
  return result;
}

// --- reading -------------------------------------------------------------------------------------

KOLBEN_EXPORT int SSL_read(void* session, void* bytes, int size) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_read, caller);
  if (!function) return -1;
  if (!agent_instance.active()) return function(session, bytes, size);
  SessionCall call(facts_of(session, caller));
  const int result = function(session, bytes, size);
  note_read(call, session, caller, bytes, result > 0 ? static_cast<std::size_t>(result) : 0);
  return result;
}

KOLBEN_EXPORT int SSL_read_ex(void* session, void* bytes, size_t size, size_t* read) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_read_ex, caller);
  if (!function) return 0;
  if (!agent_instance.active()) return function(session, bytes, size, read);
  SessionCall call(facts_of(session, caller));
  const int result = function(session, bytes, size, read);
  note_read(call, session, caller, bytes, result > 0 ? *read : 0);
  return result;
}

KOLBEN_EXPORT int SSL_read_early_data(void* session, void* bytes, size_t size, size_t* read) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_read_early_data, caller);
  if (!function) return 0;
  if (!agent_instance.active()) return function(session, bytes, size, read);
  SessionCall call(facts_of(session, caller, Side::kServer));
  const int result = function(session, bytes, size, read);
  call.done();
  constexpr int kBytesCame = 1;
  if (result == kBytesCame) call.received(bytes, *read);
  return result;
}

// --- writing -------------------------------------------------------------------------------------

KOLBEN_EXPORT int SSL_write(void* session, const void* bytes, int size) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_write, caller);
  if (!function) return -1;
  if (!agent_instance.active() || size <= 0) return function(session, bytes, size);
  SessionCall call(facts_of(session, caller));
  const auto write = [&](const void* from, std::size_t count) -> long {
    return function(session, from, static_cast<int>(count));
  };
  return static_cast<int>(call.write(bytes, static_cast<std::size_t>(size), true, write));
}

KOLBEN_EXPORT int SSL_write_ex(void* session, const void* bytes, size_t size, size_t* written) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_write_ex, caller);
  if (!function) return 0;
  if (!agent_instance.active() || size == 0) return function(session, bytes, size, written);
  SessionCall call(facts_of(session, caller));
  int result = 0;
  const auto write = [&](const void* from, std::size_t count) -> long {
    result = function(session, from, count, written);
    return result > 0 ? static_cast<long>(*written) : 0;
  };
  const long count = call.write(bytes, size, true, write);
  if (count > 0) *written = static_cast<std::size_t>(count);
  return result;
}

KOLBEN_EXPORT int SSL_write_early_data(void* session, const void* bytes, size_t size,
                                       size_t* written) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_write_early_data, caller);
  if (!function) return 0;
  if (!agent_instance.active()) return function(session, bytes, size, written);
  SessionCall call(facts_of(session, caller, Side::kClient));
  const int result = function(session, bytes, size, written);
  call.done();
  if (result > 0) call.sent(bytes, *written);
  return result;
}

KOLBEN_EXPORT ssize_t SSL_sendfile(void* session, int file, off_t offset, size_t size, int flags) {
  const void* caller = KOLBEN_CALLER;
  const auto function = KOLBEN_REAL_OF(SSL_sendfile, caller);
  if (!function) return -1;
  if (!agent_instance.active()) return function(session, file, offset, size, flags);
  SessionCall call(facts_of(session, caller));
  const ssize_t result = function(session, file, offset, size, flags);
  call.done();
  if (result > 0) call.sent_unseen(static_cast<std::size_t>(result));
  return result;
}

}  // extern "C"
