#include "net/grpc/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/thread.h"

namespace kolben::net::grpc {

namespace {

using std::chrono::steady_clock;

// Clients send the preface at once (RFC 9113 section 3.4: without waiting for the server).
constexpr auto kFirstBytesTime = std::chrono::seconds(10);
// A peer that was told to go has this long to read it.
constexpr auto kLingerTime = std::chrono::seconds(1);
// Connections that have not said what they are; a peer that opens more is refused.
constexpr std::size_t kUndecidedMax = 1024;
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kTlsHandshake = 0x16;

// An HTTP/2 SETTINGS frame without settings, and GOAWAY with PROTOCOL_ERROR and a text (RFC 9113
// sections 6.5 and 6.8). An HTTP/1 client shows it as what it is: no HTTP/1.
constexpr std::string_view kGoAwayText = "this port speaks gRPC; OTLP/HTTP is on another";

std::string go_away() {
  using namespace std::string_literals;
  std::string frames = "\0\0\0\x04\0\0\0\0\0"s;
  const auto length = static_cast<char>(8 + kGoAwayText.size());
  frames += "\0\0"s + length + "\x07\0\0\0\0\0"s + "\0\0\0\0"s + "\0\0\0\x01"s;
  frames += kGoAwayText;
  return frames;
}

enum class Verdict { kUndecided, kExpected, kHttp1, kTls, kOther };

Verdict judge(std::string_view bytes, bool uses_tls) {
  if (bytes.empty()) return Verdict::kUndecided;
  if (bytes.front() == kTlsHandshake) return uses_tls ? Verdict::kExpected : Verdict::kTls;
  const std::size_t length = std::min(bytes.size(), kPreface.size());
  if (bytes.substr(0, length) == kPreface.substr(0, length)) {
    if (uses_tls) return Verdict::kOther;
    // No HTTP/1 method begins with "PRI ".
    return length >= 4 ? Verdict::kExpected : Verdict::kUndecided;
  }
  const bool looks_like_method = bytes.front() >= 'A' && bytes.front() <= 'Z';
  return looks_like_method ? Verdict::kHttp1 : Verdict::kOther;
}

std::string_view reason_of(Verdict verdict, bool uses_tls) {
  if (verdict == Verdict::kHttp1) return "http1_on_grpc_port";
  if (verdict == Verdict::kTls) return "tls_on_plain_port";
  return uses_tls ? "plain_on_tls_port" : "malformed_request";
}

struct Pending {
  Socket socket;
  int listener_fd = -1;
  steady_clock::time_point deadline;
  bool is_refused = false;  // answered; only waits for the peer to close
};

class EpollAcceptor final : public Acceptor {
 public:
  EpollAcceptor(Listeners listeners, bool uses_tls, Handover handover, http::OnRejected on_rejected)
      : listeners_(std::move(listeners)),
        uses_tls_(uses_tls),
        handover_(std::move(handover)),
        on_rejected_(std::move(on_rejected)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  ~EpollAcceptor() override {
    const std::uint64_t one = 1;
    // Fails only where the counter is full, and then the thread wakes as well.
    [[maybe_unused]] const ssize_t written = write(wake_.fd(), &one, sizeof one);
    thread_.join();
  }

  Status start() {
    if (epoll_.fd() < 0 || wake_.fd() < 0) return from_errno(errno, "starting to accept");
    bool is_watched = watch(wake_.fd(), EPOLLIN);
    for (const Listener& listener : listeners_.sockets) {
      is_watched = is_watched && watch(listener.socket.fd(), EPOLLIN);
    }
    if (!is_watched) return from_errno(errno, "starting to accept");
    thread_ = Thread("grpc-accept", [this] { run(); });
    return Status::ok();
  }

 private:
  bool watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void reject(std::string_view reason, int fd) {
    if (on_rejected_) on_rejected_(reason, fd < 0 ? std::string() : peer_of(fd));
  }

  void run() {
    std::array<epoll_event, 64> events{};
    while (true) {
      const int count =
          epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), timeout_ms());
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == wake_.fd()) return;
        if (is_listener(fd)) {
          accept_from(fd);
        } else {
          look_at(fd);
        }
      }
      expire();
    }
  }

  bool is_listener(int fd) const {
    return std::any_of(listeners_.sockets.begin(), listeners_.sockets.end(),
                       [fd](const Listener& listener) { return listener.socket.fd() == fd; });
  }

  // Until the first deadline; without one, until something happens.
  int timeout_ms() const {
    if (pending_.empty()) return -1;
    auto first = steady_clock::time_point::max();
    for (const auto& [fd, pending] : pending_) first = std::min(first, pending.deadline);
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(first - steady_clock::now()).count();
    return static_cast<int>(std::max<long>(left, 0));
  }

  void accept_from(int listener_fd) {
    while (true) {
      Socket socket(accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.fd() < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return;
        // Out of descriptors, say: the listener stays readable, so wait instead of spinning.
        reject("accept_failed", -1);
        std::this_thread::sleep_for(kAcceptPause);
        return;
      }
      if (pending_.size() >= kUndecidedMax) {
        reject("too_many_connections", socket.fd());
        continue;
      }
      const int fd = socket.fd();
      const int on = 1;
      // Without it answers may wait for the peer's acknowledgement; a failure costs no more.
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      pending_[fd] = {std::move(socket), listener_fd, steady_clock::now() + kFirstBytesTime};
      // Edge-triggered: bytes that stay unread do not wake again.
      if (!watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET)) pending_.erase(fd);
    }
  }

  void look_at(int fd) {
    const auto found = pending_.find(fd);
    if (found == pending_.end()) return;
    if (found->second.is_refused) return discard(fd);
    char bytes[kPreface.size()];
    const ssize_t size = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      pending_.erase(found);
      return;
    }
    const Verdict verdict = judge({bytes, static_cast<std::size_t>(size)}, uses_tls_);
    if (verdict == Verdict::kUndecided) return;
    if (verdict == Verdict::kExpected) return hand_over(fd);
    reject(reason_of(verdict, uses_tls_), fd);
    refuse(found->second, verdict);
  }

  void hand_over(int fd) {
    const auto node = pending_.extract(fd);
    epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);
    handover_(node.mapped().socket.release(), node.mapped().listener_fd);
  }

  // Closing with unread bytes would reset the connection before the peer has read the answer: so
  // only our side is closed, and what still comes is thrown away for a while.
  void refuse(Pending& pending, Verdict verdict) {
    const int fd = pending.socket.fd();
    if (verdict != Verdict::kTls) {
      const std::string frames = go_away();
      [[maybe_unused]] const ssize_t sent =
          send(fd, frames.data(), frames.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    shutdown(fd, SHUT_WR);
    pending.is_refused = true;
    pending.deadline = steady_clock::now() + kLingerTime;
    discard(fd);
  }

  void discard(int fd) {
    char bytes[4096];
    // Bounded, so that a peer that sends without end does not hold the others up: the edge is
    // lost then, and the deadline closes it.
    for (int i = 0; i < 64; ++i) {
      const ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
      if (size > 0) continue;
      if (size == 0 || (errno != EAGAIN && errno != EINTR)) pending_.erase(fd);
      return;
    }
  }

  void expire() {
    const auto now = steady_clock::now();
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (it->second.deadline > now) {
        ++it;
        continue;
      }
      if (!it->second.is_refused) reject("timeout", it->first);
      it = pending_.erase(it);
    }
  }

  const Listeners listeners_;
  const bool uses_tls_;
  Handover handover_;
  http::OnRejected on_rejected_;
  const Socket epoll_;
  const Socket wake_;
  std::unordered_map<int, Pending> pending_;  // by descriptor; the thread's own
  Thread thread_;
};

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::start(Listeners listeners, bool uses_tls,
                                                  Handover handover, http::OnRejected on_rejected) {
  auto acceptor = std::make_unique<EpollAcceptor>(std::move(listeners), uses_tls,
                                                  std::move(handover), std::move(on_rejected));
  KOLBEN_RETURN_IF_ERROR(acceptor->start());
  return std::unique_ptr<Acceptor>(std::move(acceptor));
}

}  // namespace kolben::net::grpc
