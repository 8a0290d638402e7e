// SessionCall: what a hook does around a program's call into a TLS library. The real function runs
// without the guard, as everywhere.
#pragma once

#include "agent/preload/agent.h"
#include "agent/preload/sessions.h"

namespace kolben::agent {

class SessionCall {
 public:
  explicit SessionCall(const SessionFacts& facts) {
    ThreadGuard guard;
    if (!guard) return;
    ThreadState& thread = guard.thread();
    // The library's own: it is within a call of the program's already.
    const std::uintptr_t stack = stack_pointer();
    // A call that a jump has left (wget's timeouts do).
    if (thread.session != nullptr && stack >= thread.session_frame) {
      thread.session = nullptr;
      thread.session_file = kNoFile;
    }
    if (thread.session == facts.object) return;
    session_ = agent_instance.sessions.enter(thread, facts);
    if (session_ == nullptr) return;
    outer_session_ = thread.session;
    outer_file_ = thread.session_file;
    outer_frame_ = thread.session_frame;
    thread.session = facts.object;
    thread.session_file = kNoFile;
    thread.session_frame = stack;
  }
  SessionCall(const SessionCall&) = delete;
  SessionCall& operator=(const SessionCall&) = delete;
  ~SessionCall() { done(); }

  // The real function is back. What it carried is told after that.
  void done() {
    if (session_ == nullptr || is_done_) return;
    is_done_ = true;
    const int file = thread_state.session_file;
    thread_state.session_file = outer_file_;
    thread_state.session = outer_session_;
    thread_state.session_frame = outer_frame_;
    if (file < 0) return;
    ThreadGuard guard;
    if (guard) agent_instance.sessions.found(guard.thread(), *session_, file);
  }

  void cork(bool is_corked) {
    if (session_ != nullptr) session_->is_corked = is_corked;
  }

  void received(const void* bytes, std::size_t size) {
    tell(
        size,
        [&](ThreadState& thread, int plaintext, const iovec& piece) {
          agent_instance.connections.received(thread, plaintext, &piece, 1, size);
        },
        bytes);
  }
  void sent(const void* bytes, std::size_t size) {
    tell(
        size,
        [&](ThreadState& thread, int plaintext, const iovec& piece) {
          agent_instance.connections.sent(thread, plaintext, &piece, 1, size);
        },
        bytes);
  }
  // What a call wrote that gave the bytes, or null: those of the call before it, which are gone.
  void sent_or_unseen(const void* bytes, std::size_t size) {
    if (bytes != nullptr) {
      sent(bytes, size);
    } else {
      sent_unseen(size);
    }
  }
  // Bytes of a file, which only the library saw.
  void sent_unseen(std::size_t size) {
    tell(size, [&](ThreadState& thread, int plaintext, const iovec&) {
      agent_instance.connections.sent_unseen(thread, plaintext, size);
    });
  }
  void received_end() {
    tell(1, [&](ThreadState& thread, int plaintext, const iovec&) {
      agent_instance.connections.received_end(thread, plaintext);
    });
  }
  void shut_down() {
    tell(1, [&](ThreadState& thread, int plaintext, const iovec&) {
      agent_instance.connections.shut_down(thread, plaintext);
    });
  }

  // Writes the program's bytes by `write(bytes, size)`, which says how many it wrote or, with what
  // is not above zero, that it did not; returns what the program is to be told. Where a request
  // begins, our header is put into it. `goes_on`: the program can not be told of a part. Null
  // bytes: those of the call before, which did not go.
  template <typename Write>
  long write(const void* bytes, std::size_t size, bool goes_on, Write write) {
    HeldWrite* held = held_for(bytes, size);
    if (held == nullptr) {
      const long result = write(bytes, size);
      done();
      if (result > 0) sent_or_unseen(bytes, static_cast<std::size_t>(result));
      return result;
    }
    const HeldResult result =
        write_held(*held, bytes, size, goes_on, write,
                   [&](const void* from, std::size_t count) { sent(from, count); });
    done();
    ThreadGuard guard;
    if (result.has_gone) agent_instance.sessions.release(*session_);
    return result.told;
  }

 private:
  // What is written instead: what was not taken at an earlier try, or what begins here.
  HeldWrite* held_for(const void* bytes, std::size_t size) {
    if (session_ == nullptr) return nullptr;
    HeldWrite* held = session_->held;
    // Less than what it stands for is no repetition, which the library will say.
    if (held != nullptr) return held->may_stand_for(bytes, size) ? held : nullptr;
    if (bytes == nullptr) return nullptr;
    ThreadGuard guard;
    return guard ? agent_instance.sessions.hold(guard.thread(), *session_, bytes, size) : nullptr;
  }

  template <typename Tell>
  void tell(std::size_t size, Tell tell, const void* bytes = nullptr) {
    if (session_ == nullptr || size == 0) return;
    ThreadGuard guard;
    if (!guard) return;
    const int plaintext = agent_instance.sessions.plaintext_of(*session_);
    const iovec piece = {const_cast<void*>(bytes), size};
    if (plaintext >= 0) tell(guard.thread(), plaintext, piece);
  }

  Session* session_ = nullptr;
  const void* outer_session_ = nullptr;
  int outer_file_ = kNoFile;
  std::uintptr_t outer_frame_ = 0;
  bool is_done_ = false;
};

}  // namespace kolben::agent
