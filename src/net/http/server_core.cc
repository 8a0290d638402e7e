#include "net/http/server_core.h"

#include <algorithm>

#include "net/address.h"
#include "net/http/host_check.h"

namespace kolben::net::http {

ServerCore::Admission ServerCore::admit() {
  // Looked for and counted under one lock: of two threads that accept at the same time only one
  // gets the last place.
  MutexLock lock(mutex_);
  Admission admission;
  if (connections_.size() + coming_ >= settings.connections_max) {
    admission.makes_way = take_longest_waiting();
    if (!admission.makes_way) return admission;
  }
  ++coming_;
  admission.is_admitted = true;
  return admission;
}

bool ServerCore::add(std::shared_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  --coming_;
  if (is_draining_) return false;
  connections_.insert(std::move(connection));
  return true;
}

void ServerCore::remove(const std::shared_ptr<Connection>& connection) {
  MutexLock lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty()) empty_.notify_all();
}

// Among at most `connections_max`, and only when that is reached.
std::shared_ptr<Connection> ServerCore::take_longest_waiting() {
  const auto latest = std::chrono::steady_clock::now() - kPartWait;
  std::shared_ptr<Connection> longest;
  Connection::Wait longest_wait;
  for (const auto& connection : connections_) {
    const Connection::Wait wait = connection->wait();
    const bool is_part = wait.kind != Connection::Waiting::kForRequest;
    if (wait.kind == Connection::Waiting::kNot || (is_part && wait.since > latest)) continue;
    if (longest && longest_wait < wait) continue;
    longest = connection;
    longest_wait = wait;
  }
  connections_.erase(longest);
  return longest;
}

void ServerCore::take_back(const std::shared_ptr<Connection>& connection) {
  {
    MutexLock lock(mutex_);
    connections_.insert(connection);
    if (!is_draining_) return;
  }
  connection->drain();  // drain() may have missed it
}

bool ServerCore::is_on_loopback(const std::string& endpoint) {
  const Result<Address> address = parse_address(endpoint);
  return address.has_value() && is_loopback(address->host);
}

std::vector<std::shared_ptr<Connection>> ServerCore::snapshot() {
  MutexLock lock(mutex_);
  return {connections_.begin(), connections_.end()};
}

void ServerCore::drain() {
  {
    MutexLock lock(mutex_);
    is_draining_ = true;
  }
  for (const auto& connection : snapshot()) connection->drain();
}

bool ServerCore::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!connections_.empty()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return false;
    empty_.wait_for(mutex_, std::min<std::chrono::nanoseconds>(left, std::chrono::hours(1)));
  }
  return true;
}

void ServerCore::close_all() {
  for (const auto& connection : snapshot()) connection->close();
}

void ServerCore::set_stopped() {
  std::unordered_set<std::shared_ptr<Connection>> last;
  MutexLock lock(mutex_);
  is_stopped_ = true;
  last.swap(connections_);
}

}  // namespace kolben::net::http
