// The client itself: a thread, the requests under way with their deadlines, and the connection that
// they share. connection.cc is the socket, session.cc the protocol.
#include "net/http2/client.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_set>
#include <utility>

#include "base/thread.h"
#include "net/http2/connection.h"

namespace kolben::net::http2 {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// At a time; each has its deadline, so this is a bound of memory alone.
constexpr std::size_t kCallsMax = 1000;

struct Running {
  Running(asio::io_context& io, Client::Callback called) : timer(io), callback(std::move(called)) {}
  asio::steady_timer timer;
  const steady_clock::time_point started = steady_clock::now();
  Client::Callback callback;  // empty: over
  std::shared_ptr<Connection> connection;
  Session::Number number = -1;
};
using RunningPtr = std::shared_ptr<Running>;

class AsioClient final : public Client {
 public:
  AsioClient(ClientSettings settings, http::TlsContext tls)
      : settings_(std::move(settings)),
        tls_(std::move(tls)),
        work_(io_.get_executor()),
        thread_("http2-client", [this] { io_.run(); }) {}

  ~AsioClient() override {
    is_closed_ = true;
    asio::post(io_, [this] {
      const Status why = cancelled("the HTTP/2 client is closed");
      if (connection_) connection_->close(why);
      const auto all = running_;
      for (const RunningPtr& running : all) finish(running, why);
      io_.stop();
    });
    thread_.join();
  }

  void send(Request request, std::chrono::nanoseconds timeout, Callback callback) override {
    if (is_closed_) return callback(cancelled("the HTTP/2 client is closed"));
    asio::post(io_, [this, request = std::move(request), timeout,
                     callback = std::move(callback)]() mutable {
      start(std::move(request), timeout, std::move(callback));
    });
  }

 private:
  void start(Request request, std::chrono::nanoseconds timeout, Callback callback) {
    if (running_.size() >= kCallsMax) {
      return callback(resource_exhausted("too many requests wait for an answer already"));
    }
    const auto running = std::make_shared<Running>(io_, std::move(callback));
    running_.insert(running);
    running->timer.expires_after(std::chrono::duration_cast<steady_clock::duration>(timeout));
    running->timer.async_wait([this, running, timeout](const ErrorCode& error) {
      if (!error && running->callback) on_time(running, timeout);
    });
    if (!connection_ || !connection_->is_usable()) connect();
    running->connection = connection_;
    running->number = connection_->start(
        std::move(request),
        [this, running](Result<Response> result) { finish(running, std::move(result)); });
  }

  // Requests on the one before go on there.
  void connect() {
    connection_ = std::make_shared<Connection>(io_, settings_.response_bytes_max);
    connection_->open({.address = settings_.address,
                       .tls = tls_,
                       .tls_settings = settings_.tls,
                       .protocol = "h2"});
  }

  void on_time(const RunningPtr& running, std::chrono::nanoseconds timeout) {
    const auto limit = std::chrono::duration_cast<milliseconds>(timeout);
    const Status why =
        deadline_exceeded("no answer within " + std::to_string(limit.count()) + " ms");
    const auto connection = running->connection;
    connection->cancel(running->number);
    finish(running, why);
    // Nothing at all: the next request tries another connection.
    if (!connection->has_heard_since(running->started)) connection->close(why);
  }

  void finish(const RunningPtr& running, Result<Response> result) {
    if (!running->callback) return;
    running->timer.cancel();
    running->connection = nullptr;
    running_.erase(running);
    std::exchange(running->callback, {})(std::move(result));
  }

  const ClientSettings settings_;
  const http::TlsContext tls_;
  std::atomic<bool> is_closed_ = false;
  asio::io_context io_{1};
  std::shared_ptr<Connection> connection_;
  std::unordered_set<RunningPtr> running_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Thread thread_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::create(ClientSettings settings) {
  http::TlsContext tls;
  if (settings.uses_tls) {
    KOLBEN_TRY(tls, http::client_tls_context(settings.tls));
  }
  return std::unique_ptr<Client>(std::make_unique<AsioClient>(std::move(settings), std::move(tls)));
}

}  // namespace kolben::net::http2
