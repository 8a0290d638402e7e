// The part of Connections for connections that have several file numbers (dup, and what inetd
// starts: it reads 0 and writes 1). One number has the state, the others are aliases of it; when it
// is closed, one of those takes the state over.
#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {
namespace {

constexpr int kNobody = -1;

bool is_alias_of(const Socket& alias, int file, const Socket& original) {
  return alias.alias.load(std::memory_order_relaxed) == file &&
         alias.alias_serial.load(std::memory_order_relaxed) ==
             original.serial.load(std::memory_order_relaxed);
}

}  // namespace

// The number that has the state; -1: it is gone.
int Connections::original_of(const Socket& alias) const {
  const int file = alias.alias.load(std::memory_order_relaxed);
  const Socket* original = find(file);
  const bool is_it = original != nullptr && is_alias_of(alias, file, *original) &&
                     original->role.load(std::memory_order_relaxed) != Role::kAlias;
  return is_it ? file : kNobody;
}

// The same for any number.
int Connections::number_for(int file) const {
  const Socket* socket = find(file);
  const bool is_alias =
      socket != nullptr && socket->role.load(std::memory_order_relaxed) == Role::kAlias;
  return is_alias ? original_of(*socket) : file;
}

// Both are held.
void Connections::stands_for(Socket& alias, Socket& original, int file) {
  alias.alias.store(file, std::memory_order_relaxed);
  alias.alias_serial.store(original.serial.load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
  alias.role.store(Role::kAlias, std::memory_order_relaxed);
  original.aliases.fetch_add(1, std::memory_order_relaxed);
}

void Connections::duplicated(ThreadState& thread, int from, int to) {
  from = number_for(from);
  Socket* original = find(from);
  if (original == nullptr || from == to) return;
  Socket* copy = find_or_map(to);
  SocketLock lock(*system_, original);
  SocketLock copy_lock(*system_, copy);
  if (!lock || !copy_lock) return;
  reset(thread, *copy, EndReason::kClosed);
  if (original->role.load(std::memory_order_relaxed) == Role::kUnknown) return;
  stands_for(*copy, *original, from);
}

// A connection that was there when the program began is read from its standard input: is its
// standard output the same one?
void Connections::answers_on_output(Socket& input) {
  constexpr int kOutput = 1;
  if (!system_->is_same_file(0, kOutput)) return;
  Socket* output = find_or_map(kOutput);
  SocketLock lock(*system_, output);
  if (!lock || output->role.load(std::memory_order_relaxed) != Role::kUnknown) return;
  stands_for(*output, input, 0);
}

// It is held.
void Connections::alias_ends(Socket& alias) {
  const int file = original_of(alias);
  if (file != kNobody) find(file)->aliases.fetch_sub(1, std::memory_order_relaxed);
  alias.role.store(Role::kUnknown, std::memory_order_relaxed);
}

// The number is closed (its socket is held), the connection is not. False: it has no other number
// after all, or its state cannot move.
bool Connections::move_to_alias(ThreadState& thread, Socket& socket, int file) {
  // A TLS library knows the number.
  if (socket.plaintext.load(std::memory_order_relaxed) != 0) return false;
  const int highest = highest_.load(std::memory_order_relaxed);
  const auto is_alias = [&](int other) {
    const Socket* alias = find(other);
    return alias->role.load(std::memory_order_relaxed) == Role::kAlias &&
           is_alias_of(*alias, file, socket);
  };
  int to = 0;
  while (to <= highest && !is_alias(to)) ++to;
  if (to > highest) return false;
  Socket& heir = *find(to);
  SocketLock lock(*system_, &heir);
  if (!lock) return false;
  for (OpenExchange* exchange = socket.first; exchange != nullptr; exchange = exchange->next) {
    exchange->file.store(static_cast<std::uint32_t>(to) + 1, std::memory_order_relaxed);
  }
  heir.missed.store(socket.missed.load(std::memory_order_relaxed), std::memory_order_relaxed);
  static_cast<SocketState&>(heir) = socket;
  heir.stream.store(socket.stream.exchange(nullptr), std::memory_order_release);
  heir.role.store(socket.role.load(std::memory_order_relaxed), std::memory_order_relaxed);
  for (int other = to + 1; other <= highest; ++other) {
    if (!is_alias(other)) continue;
    SocketLock other_lock(*system_, find(other));  // not held: it stands for nothing any more
    if (other_lock && is_alias(other)) stands_for(*find(other), heir, to);
  }
  socket.first = nullptr;
  socket.pipelined = 0;
  reset(thread, socket, EndReason::kClosed);
  return true;
}

}  // namespace kolben::agent
