#include "agent/preload/sessions.h"

#include <cstring>

#include "agent/preload/ciphertext.h"

namespace kolben::agent {
bool HeldWrite::join(const Injection& injection, std::size_t program_bytes) {
  const auto ours = static_cast<std::size_t>(injection.to - injection.from);
  const std::size_t room = kHeldBytesMax - ours + injection.replaced;
  stands_for = program_bytes < room ? program_bytes : room;
  written = 0;
  is_told = false;
  if (stands_for < injection.position + injection.replaced) return false;
  const std::size_t wanted = stands_for - injection.replaced + ours;
  size = 0;
  for (int i = 0; i < injection.count; ++i) {
    const iovec& piece = injection.pieces[i];
    const std::size_t taken = piece.iov_len < wanted - size ? piece.iov_len : wanted - size;
    std::memcpy(bytes + size, piece.iov_base, taken);
    size += taken;
  }
  return true;
}

int Sessions::plaintext_of(const Session& session) const {
  if (!session.is_begun) return -1;
  const int plaintext = number_of(session);
  return connections_->knows(plaintext) ? plaintext : -1;
}

Session* Sessions::enter(ThreadState& thread, const SessionFacts& facts) {
  Session* session = table_.find(facts.object);
  if (session == nullptr) {
    session = table_.add(*system_, facts.object);
    if (session == nullptr) {
      count_untraced(ring_);
      return nullptr;
    }
    *session = {.file = kNoFile,
                .side = Side::kUnknown,
                .is_begun = false,
                .is_corked = false,
                .held = nullptr};
  }
  if (session->side == Side::kUnknown) session->side = facts.side;
  if (facts.file >= 0 && facts.file != session->file) attach(thread, *session, facts.file);
  const Ciphertext& read = thread.ciphertext;
  if (session->file < 0 && read.holder != nullptr && read.holder == facts.input) {
    attach(thread, *session, read.file);
  }
  thread.ciphertext = {};  // the holder's address may be another's soon
  if (!session->is_begun) {
    session->is_begun = connections_->begin_plaintext(thread, number_of(*session), session->side);
  }
  return session;
}

void Sessions::found(ThreadState& thread, Session& session, int file) {
  if (session.file < 0 && file >= 0) attach(thread, session, file);
}

void Sessions::attach(ThreadState& thread, Session& session, int file) {
  const int plaintext = number_of(session);
  // Another file than before: another connection.
  if (session.is_begun && session.file >= 0) {
    connections_->end_plaintext(thread, plaintext, session.file);
  }
  if (plaintext_of(session) < 0) {
    session.is_begun = connections_->begin_plaintext(thread, plaintext, session.side);
  }
  if (!session.is_begun) return;
  session.file = file;
  connections_->attach_plaintext(thread, plaintext, file);
}

void Sessions::ends(ThreadState& thread, const void* object) {
  thread.ciphertext = {};
  Session* session = table_.find(object);
  if (session == nullptr) return;
  release(*session);
  if (session->is_begun) {
    connections_->end_plaintext(thread, number_of(*session), session->file);
  }
  table_.remove(session);
}

HeldWrite* Sessions::hold(ThreadState& thread, Session& session, const void* bytes,
                          std::size_t size) {
  const int plaintext = plaintext_of(session);
  if (plaintext < 0 || session.is_corked || !connections_->may_inject(plaintext)) return nullptr;
  HeldWrite* held = held_.map_once(*system_, kHeldWritesMax) ? held_.acquire() : nullptr;
  if (held == nullptr) return nullptr;
  Injection injection;
  const iovec whole = {const_cast<void*>(bytes), size};
  if (!connections_->prepare_injection(thread, plaintext, &whole, 1, size, &injection) ||
      !held->join(injection, size)) {
    held_.release(held);
    return nullptr;
  }
  session.held = held;
  return held;
}

void Sessions::release(Session& session) {
  if (session.held != nullptr) held_.release(session.held);
  session.held = nullptr;
}

void note_taken_over(ThreadState& thread, const void* holder, const void* bytes, std::size_t size) {
  Ciphertext& read = thread.ciphertext;
  if (read.file < 0) return;
  const bool is_same =
      size == read.size && mark_of(static_cast<const std::uint8_t*>(bytes), size) == read.mark;
  if (is_same) {
    read.holder = holder;
  } else if (read.holder == holder) {
    read = {};  // the holder has other bytes too
  }
}

}  // namespace kolben::agent
