#include "net/http/server.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "base/thread.h"
#include "net/http/server_core.h"
#include "net/http/session.h"
#include "net/http/tls_context.h"
#include "net/listen.h"

namespace kolben::net::http {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// Without free file descriptors accepting fails at once, again and again: wait instead.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// After the deadline connections are closed by force, which takes no longer than this.
constexpr auto kCloseTime = std::chrono::seconds(1);

// Accepts on one listening socket. Its members are touched on its strand alone.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(std::shared_ptr<ServerCore> core, Listener listener, TlsContext tls)
      : core_(std::move(core)),
        tls_(std::move(tls)),
        strand_(asio::make_strand(core_->io)),
        acceptor_(strand_, listener.is_ipv6 ? tcp::v6() : tcp::v4(), listener.socket.release()),
        pause_(strand_) {}

  void start() {
    asio::post(strand_, [self = shared_from_this()] { self->accept(); });
  }

  void stop() {
    asio::post(strand_, [self = shared_from_this()] {
      ErrorCode ignored;
      self->acceptor_.close(ignored);
      self->pause_.cancel();
    });
  }

 private:
  void accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(asio::any_io_executor(asio::make_strand(core_->io)),
                           [self = shared_from_this()](const ErrorCode& error, tcp::socket socket) {
                             self->on_accept(error, std::move(socket));
                           });
  }

  void on_accept(const ErrorCode& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      start_session(core_, std::move(socket), tls_);
      return accept();
    }
    core_->reject("accept_failed", {});
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const ErrorCode&) { self->accept(); });
  }

  const std::shared_ptr<ServerCore> core_;
  const TlsContext tls_;
  asio::strand<asio::io_context::executor_type> strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
};

class AsioServer final : public Server {
 public:
  AsioServer(std::shared_ptr<ServerCore> core, Listeners listeners, const TlsContext& tls)
      : core_(std::move(core)), port_(listeners.port), work_(core_->io.get_executor()) {
    for (Listener& listener : listeners.sockets) {
      acceptors_.push_back(std::make_shared<Acceptor>(core_, std::move(listener), tls));
      acceptors_.back()->start();
    }
    for (int i = 0; i < core_->settings.threads; ++i) {
      threads_.emplace_back("http-" + std::to_string(port_), [core = core_] { core->io.run(); });
    }
  }

  ~AsioServer() override { stop(std::chrono::steady_clock::now()); }

  std::uint16_t port() const override { return port_; }

  void stop(std::chrono::steady_clock::time_point deadline) override {
    if (is_stopped_) return;
    is_stopped_ = true;
    for (const auto& acceptor : acceptors_) acceptor->stop();
    core_->drain();
    if (!core_->wait_until_empty(deadline)) {
      core_->close_all();
      core_->wait_until_empty(std::chrono::steady_clock::now() + kCloseTime);
    }
    work_.reset();
    core_->io.stop();
    for (Thread& thread : threads_) thread.join();
    core_->set_stopped();
    // What is still queued holds the core, which holds the queue: run it once more to end that.
    core_->io.restart();
    core_->io.poll();
    acceptors_.clear();
  }

 private:
  const std::shared_ptr<ServerCore> core_;
  const std::uint16_t port_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
  std::vector<Thread> threads_;
  bool is_stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings, Handler handler,
                                              OnRejected on_rejected) {
  TlsContext tls;
  if (settings.tls.enabled) {
    KOLBEN_TRY(tls, server_tls_context(settings.tls));
  }
  KOLBEN_TRY(Listeners listeners, listen_on(settings.endpoint));
  auto core =
      std::make_shared<ServerCore>(std::move(settings), std::move(handler), std::move(on_rejected));
  return std::unique_ptr<Server>(
      std::make_unique<AsioServer>(std::move(core), std::move(listeners), tls));
}

}  // namespace kolben::net::http
