// The functions behind our hooks that are not the C library's: those of OpenSSL, GnuTLS, SQLite.
//
// Such a library may be in nobody's scope but the calling module's (Python's _ssl), and two
// versions of one may be in a process. So the function is looked up as the dynamic linker would
// have done it for the module that calls: in what the module links, then in the program's scope;
// and where neither has it (the module came in by dlopen() without naming it), in all that is
// loaded. What was found is kept for the module, and the library with it
// is loaded for good.
#pragma once

#include "agent/preload/agent.h"

namespace kolben::agent {

// clang-format off: it can not settle on a layout for this list
#define KOLBEN_LIBRARY_FUNCTIONS(X) \
  X(SSL_new) X(SSL_free) X(SSL_clear) X(SSL_set_fd) X(SSL_set_rfd) X(SSL_set_wfd) X(SSL_set_bio) \
  X(SSL_connect) X(SSL_accept) X(SSL_do_handshake) X(SSL_read) X(SSL_read_ex) \
  X(SSL_read_early_data) X(SSL_write) X(SSL_write_ex) X(SSL_write_early_data) X(SSL_sendfile) \
  X(SSL_shutdown) X(SSL_get_rfd) X(SSL_get_rbio) X(SSL_is_server) X(SSL_get_shutdown) X(BIO_write) \
  X(gnutls_init) X(gnutls_deinit) X(gnutls_handshake) X(gnutls_record_recv) X(gnutls_record_send) \
  X(gnutls_record_send_range) X(gnutls_record_send_file) X(gnutls_record_cork) \
  X(gnutls_record_uncork) X(gnutls_bye) \
  X(sqlite3_prepare) X(sqlite3_prepare_v2) X(sqlite3_prepare_v3) X(sqlite3_step) \
  X(sqlite3_reset) X(sqlite3_finalize) X(sqlite3_exec) X(sqlite3_sql) X(sqlite3_db_handle) \
  X(sqlite3_db_filename) X(sqlite3_extended_errcode)
// clang-format on

enum class InLibrary : int {
#define KOLBEN_LIBRARY_NAME(name) k_##name,
  KOLBEN_LIBRARY_FUNCTIONS(KOLBEN_LIBRARY_NAME)
#undef KOLBEN_LIBRARY_NAME
      kCount
};

// Null: no library that is loaded has it. `caller`: an address in the module that calls; in this
// one, where a library's function that a hook called ends in a jump to another one that is hooked.
void* library_address(InLibrary function, const void* caller);

template <typename Function>
Function library_function(InLibrary function, const void* caller) {
  return reinterpret_cast<Function>(library_address(function, caller));
}

// The real function of a hook, which the hook calls as long as this is there.
template <typename Function>
class RealFunction {
 public:
  RealFunction(InLibrary function, const void* caller)
      : function_(library_function<Function>(function, caller)), before_(thread_state.called) {
    thread_state.called = reinterpret_cast<const void*>(function_);
  }
  RealFunction(const RealFunction&) = delete;
  RealFunction& operator=(const RealFunction&) = delete;
  ~RealFunction() { thread_state.called = before_; }

  explicit operator bool() const { return function_ != nullptr; }
  template <typename... Arguments>
  auto operator()(Arguments... arguments) const {
    return function_(arguments...);
  }

 private:
  Function function_;
  const void* before_;
};

}  // namespace kolben::agent

// A function of a declared name, for the module at `caller`; and the one behind a hook.
#define KOLBEN_LIBRARY(name, caller)                                                          \
  (::kolben::agent::library_function<decltype(&::name)>(::kolben::agent::InLibrary::k_##name, \
                                                        caller))
#define KOLBEN_REAL_OF(name, caller) \
  (::kolben::agent::RealFunction<decltype(&::name)>(::kolben::agent::InLibrary::k_##name, caller))
