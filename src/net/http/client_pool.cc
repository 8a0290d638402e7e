#include "net/http/client_pool.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace kolben::net::http {
namespace {

using std::chrono::steady_clock;

// Servers close idle connections after a minute or so: a younger one is more likely alive.
constexpr auto kIdleTimeMax = std::chrono::seconds(50);
// Requests that wait for a connection; each has its timeout, so this is a bound of memory alone.
constexpr std::size_t kWaitingMax = 10'000;

}  // namespace

bool Channel::is_stale() {
  if (steady_clock::now() - idle_since > kIdleTimeMax) return true;
  char byte = 0;
  const ssize_t size = recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0) return errno != EAGAIN;
  return size == 0 || !tls.has_value();  // TLS sends session tickets on its own
}

const Result<TlsContext>& Pool::tls() {
  if (!tls_) tls_ = client_tls_context(settings.tls);
  return *tls_;
}

ChannelPtr Pool::take_idle(const std::string& key) {
  for (std::size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i]->key != key) continue;
    ChannelPtr channel = std::move(idle_[i]);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    if (!channel->is_stale()) return channel;
    --open_;
  }
  return nullptr;
}

ChannelPtr Pool::open(const std::string& key) {
  if (open_ >= settings.connections_max && !idle_.empty()) {
    idle_.erase(idle_.begin());  // one to another place
    --open_;
  }
  if (open_ >= settings.connections_max) return nullptr;
  ++open_;
  auto channel = std::make_unique<Channel>(io);
  channel->key = key;
  return channel;
}

void Pool::give_back(ChannelPtr channel) {
  channel->idle_since = steady_clock::now();
  idle_.push_back(std::move(channel));
  wake_next();
}

void Pool::drop(ChannelPtr channel) {
  channel.reset();
  --open_;
  wake_next();
}

bool Pool::enqueue(std::shared_ptr<Waiter> request) {
  if (waiting_.size() >= kWaitingMax) return false;
  waiting_.push_back(std::move(request));
  return true;
}

void Pool::wake_next() {
  if (waiting_.empty()) return;
  const std::shared_ptr<Waiter> next = std::move(waiting_.front());
  waiting_.pop_front();
  boost::asio::post(io, [this, next] {
    if (next->is_finished()) return wake_next();
    next->acquire();
  });
}

void Pool::cancel_all(const Status& why) {
  const auto all = running_;
  for (const auto& request : all) request->cancel(why);
  waiting_.clear();
  idle_.clear();
}

}  // namespace kolben::net::http
