// The client itself: a thread, and what others ask of it posted there. exchange.cc is a request on
// its way, client_pool.cc the connections.
#include "net/http/client.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "base/thread.h"
#include "net/http/client_pool.h"
#include "net/http/exchange.h"

namespace kolben::net::http {
namespace {

namespace asio = boost::asio;

class AsioClient final : public Client {
 public:
  explicit AsioClient(ClientSettings settings)
      : pool_(std::move(settings)),
        work_(pool_.io.get_executor()),
        thread_("http-client", [this] { pool_.io.run(); }) {}

  ~AsioClient() override {
    is_closed_ = true;
    asio::post(pool_.io, [this] {
      pool_.cancel_all(cancelled("the HTTP client is closed"));
      pool_.io.stop();
    });
    thread_.join();
  }

  void send(ClientRequest request, Callback callback) override {
    if (is_closed_) return callback(cancelled("the HTTP client is closed"));
    asio::post(pool_.io,
               [this, request = std::move(request), callback = std::move(callback)]() mutable {
                 start_exchange(pool_, std::move(request), std::move(callback));
               });
  }

 private:
  std::atomic<bool> is_closed_ = false;
  Pool pool_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Thread thread_;
};

// Shared by the waiting thread and the callback: the callback may come when nobody waits any more.
struct Answer {
  Mutex mutex;
  CondVar arrived;
  std::optional<Result<Response>> result;
};

}  // namespace

std::unique_ptr<Client> Client::create(ClientSettings settings) {
  return std::make_unique<AsioClient>(std::move(settings));
}

Result<Response> Client::send_and_wait(ClientRequest request) {
  auto answer = std::make_shared<Answer>();
  send(std::move(request), [answer](Result<Response> result) {
    MutexLock lock(answer->mutex);
    answer->result = std::move(result);
    answer->arrived.notify_all();
  });
  MutexLock lock(answer->mutex);
  while (!answer->result.has_value()) answer->arrived.wait(answer->mutex);
  return std::move(*answer->result);
}

}  // namespace kolben::net::http
