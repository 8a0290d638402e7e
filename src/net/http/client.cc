// HTTP/1.1 client: an Exchange is one request on its way, a Channel one connection, the Pool owns
// the idle channels. All of it lives on the client's one thread.
#include "net/http/client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <optional>
#include <unordered_set>

#include "base/mutex.h"
#include "base/thread.h"
#include "net/http/tls_context.h"

namespace kolben::net::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = beast::http::response_parser<beast::http::string_body>;
using std::chrono::steady_clock;

// Servers close idle connections after a minute or so: a younger one is more likely alive.
constexpr auto kIdleTimeMax = std::chrono::seconds(50);
// Requests that wait for a connection; each has its timeout, so this is a bound of memory alone.
constexpr std::size_t kWaitingMax = 10'000;
// Interim answers (1xx) before the real one; a server has no reason to send more.
constexpr int kInterimMax = 16;

struct Channel {
  explicit Channel(asio::io_context& io) : socket(io) {}

  // True where the peer has closed it, or has sent what nobody asked for.
  bool is_stale() {
    if (steady_clock::now() - idle_since > kIdleTimeMax) return true;
    char byte = 0;
    const ssize_t size = recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0) return errno != EAGAIN;
    return size == 0 || !tls.has_value();  // TLS sends session tickets on its own
  }

  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  beast::flat_buffer buffer;
  std::string key;  // of the pool: scheme, host, port
  steady_clock::time_point idle_since;
};
using ChannelPtr = std::unique_ptr<Channel>;

class Exchange;

class Pool {
 public:
  explicit Pool(ClientSettings client_settings, TlsContext context)
      : settings(std::move(client_settings)), tls(std::move(context)) {}

  // An idle connection that seems alive, or null.
  ChannelPtr take_idle(const std::string& key) {
    for (std::size_t i = idle_.size(); i-- > 0;) {
      if (idle_[i]->key != key) continue;
      ChannelPtr channel = std::move(idle_[i]);
      idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
      if (!channel->is_stale()) return channel;
      --open_;
    }
    return nullptr;
  }

  // A new connection, not connected yet; null at the maximum.
  ChannelPtr open(const std::string& key) {
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

  void give_back(ChannelPtr channel) {
    channel->idle_since = steady_clock::now();
    idle_.push_back(std::move(channel));
    wake_next();
  }

  void drop(ChannelPtr channel) {
    channel.reset();
    --open_;
    wake_next();
  }

  bool enqueue(std::shared_ptr<Exchange> exchange) {
    if (waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(std::move(exchange));
    return true;
  }

  void cancel_all();

  asio::io_context io{1};
  const ClientSettings settings;
  const TlsContext tls;
  std::unordered_set<std::shared_ptr<Exchange>> running;

 private:
  void wake_next();

  std::size_t open_ = 0;          // idle or in use
  std::vector<ChannelPtr> idle_;  // oldest first
  std::deque<std::shared_ptr<Exchange>> waiting_;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // The pool outlives its exchanges.
  Exchange(Pool& pool, ClientRequest request, Client::Callback callback)
      : pool_(pool),
        request_(std::move(request)),
        callback_(std::move(callback)),
        timer_(pool.io),
        resolver_(pool.io) {}

  void start() {
    Result<Url> url = parse_url(request_.url);
    if (!url.has_value()) return finish(std::move(url).error());
    url_ = std::move(url).value();
    where_ = Address{url_.host, url_.port}.to_string();
    key_ = (url_.is_https ? "https://" : "http://") + where_;
    timer_.expires_after(
        std::chrono::duration_cast<steady_clock::duration>(pool_.settings.timeout));
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->on_time();
    });
    acquire();
  }

  // Takes a connection, or waits for one.
  void acquire() {
    if (is_finished()) return;
    if (!is_second_try_) channel_ = pool_.take_idle(key_);
    is_reused_ = channel_ != nullptr;
    if (is_reused_) return write();
    channel_ = pool_.open(key_);
    if (channel_) return resolve();
    if (!pool_.enqueue(shared_from_this())) {
      finish(unavailable(label() + ": " + std::to_string(kWaitingMax) +
                         " requests wait for a connection already"));
    }
  }

  bool is_finished() const { return !callback_; }

  void finish(Result<Response> result) {
    if (is_finished()) return;
    timer_.cancel();
    resolver_.cancel();
    const std::shared_ptr<Exchange> self = shared_from_this();
    pool_.running.erase(self);
    Client::Callback callback = std::move(callback_);
    if (channel_) close_channel();
    callback(std::move(result));
  }

 private:
  std::string label() const { return request_.method + " " + request_.url; }
  std::string connecting() const { return "connecting to " + where_; }

  // Pending operations on it end with an error, and find that the exchange is over: they hold the
  // exchange, which keeps the channel until they have run.
  void close_channel() {
    ErrorCode ignored;
    channel_->socket.close(ignored);
    ChannelPtr closed = std::move(channel_);
    asio::post(pool_.io, [&pool = pool_, closed = std::move(closed)]() mutable {
      pool.drop(std::move(closed));
    });
  }

  void on_time() {
    const auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(pool_.settings.timeout);
    finish(
        deadline_exceeded(label() + ": no answer within " + std::to_string(limit.count()) + " ms"));
  }

  void resolve() {
    ErrorCode not_literal;
    const asio::ip::address literal = asio::ip::make_address(url_.host, not_literal);
    if (!not_literal) return connect({tcp::endpoint(literal, url_.port)});
    if (url_.host == "localhost") {
      return connect({tcp::endpoint(asio::ip::address_v4::loopback(), url_.port),
                      tcp::endpoint(asio::ip::address_v6::loopback(), url_.port)});
    }
    resolver_.async_resolve(
        url_.host, std::to_string(url_.port),
        [self = shared_from_this()](const ErrorCode& error,
                                    const tcp::resolver::results_type& results) {
          if (self->is_finished()) return;
          if (error) return self->finish(unavailable(self->connecting() + ": " + error.message()));
          std::vector<tcp::endpoint> endpoints;
          for (const auto& result : results) endpoints.push_back(result.endpoint());
          self->connect(std::move(endpoints));
        });
  }

  void connect(std::vector<tcp::endpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    asio::async_connect(channel_->socket, endpoints_,
                        [self = shared_from_this()](const ErrorCode& error, const tcp::endpoint&) {
                          if (self->is_finished()) return;
                          self->on_connect(error);
                        });
  }

  void on_connect(const ErrorCode& error) {
    if (error) return finish(unavailable(connecting() + ": " + error.message()));
    ErrorCode ignored;
    channel_->socket.set_option(tcp::no_delay(true), ignored);
    if (!url_.is_https) return write();
    const std::string& override_name = pool_.settings.tls.server_name_override;
    const std::string name = override_name.empty() ? url_.host : override_name;
    auto& tls = channel_->tls.emplace(channel_->socket, *pool_.tls);
    ErrorCode not_literal;
    asio::ip::make_address(name, not_literal);
    // RFC 6066 section 3: literal addresses are no server names.
    if (not_literal)
      SSL_ctrl(tls.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(name.c_str()));
    if (!pool_.settings.tls.insecure_skip_verify) {
      tls.set_verify_callback(asio::ssl::host_name_verification(name), ignored);
    }
    tls.async_handshake(
        asio::ssl::stream_base::client, [self = shared_from_this()](const ErrorCode& failed) {
          if (self->is_finished()) return;
          if (!failed) return self->write();
          self->finish(unavailable(self->connecting() + " with TLS: " + failed.message()));
        });
  }

  template <typename Function>
  void with_stream(Function function) {
    if (channel_->tls) {
      function(*channel_->tls);
    } else {
      function(channel_->socket);
    }
  }

  std::string make_head() const;

  void write() {
    head_ = make_head();
    interim_ = 0;
    with_stream([this](auto& stream) {
      const std::array<asio::const_buffer, 2> buffers = {
          asio::buffer(head_), asio::const_buffer(request_.body.data(), request_.body.size())};
      asio::async_write(stream, buffers,
                        [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                          if (self->is_finished()) return;
                          // A peer that refuses a body may answer and stop reading: look for it.
                          self->is_written_ = !error;
                          self->read();
                        });
    });
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(pool_.settings.response_bytes_max);
    if (request_.method == "HEAD") parser_->skip(true);
    with_stream([this](auto& stream) {
      beast::http::async_read(stream, channel_->buffer, *parser_,
                              [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                                if (self->is_finished()) return;
                                self->on_read(error);
                              });
    });
  }

  void on_read(const ErrorCode& error) {
    if (error == beast::http::error::body_limit) {
      return finish(resource_exhausted(label() + ": the answer has more than " +
                                       std::to_string(pool_.settings.response_bytes_max) +
                                       " bytes"));
    }
    if (error) return on_broken(error);
    const int status = parser_->get().result_int() & 0xFFFF;
    if (status < 200 && ++interim_ <= kInterimMax) return read();
    Response response = take_response();
    if (is_written_ && parser_->get().keep_alive()) {
      pool_.give_back(std::move(channel_));
    }
    finish(std::move(response));
  }

  Response take_response() {
    auto& message = parser_->get();
    Response response;
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      response.headers.emplace_back(field.name_string(), field.value());
    }
    response.body = Bytes::from_string(std::move(message.body()));
    return response;
  }

  // A kept connection may die while the request is under way. It is sent again where it cannot have
  // been carried out, or where carrying it out twice is the same as once (RFC 9110 section 9.2.2).
  void on_broken(const ErrorCode& error) {
    const bool is_idempotent = request_.method == "GET" || request_.method == "HEAD" ||
                               request_.method == "PUT" || request_.method == "DELETE";
    const bool got_nothing = !parser_->got_some();
    if (is_reused_ && !is_second_try_ && got_nothing && (!is_written_ || is_idempotent)) {
      is_second_try_ = true;
      close_channel();
      // After the closed one is counted off.
      return asio::post(pool_.io, [self = shared_from_this()] { self->acquire(); });
    }
    const bool is_parse_error =
        error.category() ==
            beast::http::make_error_code(beast::http::error::bad_method).category() &&
        error != beast::http::error::end_of_stream && error != beast::http::error::partial_message;
    if (is_parse_error) {
      return finish(internal_error(label() + ": the answer is no HTTP: " + error.message()));
    }
    finish(unavailable(label() + ": the connection broke before the answer: " + error.message()));
  }

  Pool& pool_;
  ClientRequest request_;
  Client::Callback callback_;  // empty: finished
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  Url url_;
  std::string where_, key_, head_;
  std::vector<tcp::endpoint> endpoints_;
  ChannelPtr channel_;
  std::optional<Parser> parser_;
  int interim_ = 0;
  bool is_reused_ = false;
  bool is_second_try_ = false;
  bool is_written_ = false;
};

void append_header(std::string& head, std::string_view name, std::string_view value) {
  const std::size_t start = head.size();
  head.append(name).append(": ").append(value);
  // A line break would let a value write headers of its own.
  for (std::size_t i = start; i < head.size(); ++i) {
    if (head[i] == '\r' || head[i] == '\n' || head[i] == '\0') head[i] = ' ';
  }
  head.append("\r\n");
}

std::string Exchange::make_head() const {
  const auto has = [this](std::string_view name) {
    return std::any_of(request_.headers.begin(), request_.headers.end(),
                       [name](const auto& header) { return beast::iequals(header.first, name); });
  };
  std::string head;
  head.reserve(256);
  head.append(request_.method).append(" ").append(url_.target).append(" HTTP/1.1\r\n");
  const bool is_default_port = url_.port == (url_.is_https ? 443 : 80);
  const std::string host = is_default_port ? where_.substr(0, where_.rfind(':')) : where_;
  if (!has("Host")) append_header(head, "Host", host);
  if (!has("User-Agent")) append_header(head, "User-Agent", "kolben");
  for (const auto& [name, value] : request_.headers) append_header(head, name, value);
  const bool has_content = !request_.body.empty() || request_.method == "POST" ||
                           request_.method == "PUT" || request_.method == "PATCH";
  if (has_content) append_header(head, "Content-Length", std::to_string(request_.body.size()));
  head.append("\r\n");
  return head;
}

void Pool::wake_next() {
  if (waiting_.empty()) return;
  const std::shared_ptr<Exchange> next = std::move(waiting_.front());
  waiting_.pop_front();
  asio::post(io, [this, next] {
    if (next->is_finished()) return wake_next();
    next->acquire();
  });
}

void Pool::cancel_all() {
  const auto all = running;
  for (const auto& exchange : all) exchange->finish(cancelled("the HTTP client is closed"));
  waiting_.clear();
  idle_.clear();
}

class AsioClient final : public Client {
 public:
  AsioClient(ClientSettings settings, Result<TlsContext> tls)
      : tls_status_(tls.status()),
        pool_(std::move(settings), std::move(tls).value_or(nullptr)),
        work_(pool_.io.get_executor()),
        thread_("http-client", [this] { pool_.io.run(); }) {}

  ~AsioClient() override {
    is_closed_ = true;
    asio::post(pool_.io, [this] {
      pool_.cancel_all();
      pool_.io.stop();
    });
    thread_.join();
  }

  void send(ClientRequest request, Callback callback) override {
    if (is_closed_) return callback(cancelled("the HTTP client is closed"));
    if (!tls_status_.is_ok() && request.url.starts_with("https:")) return callback(tls_status_);
    auto exchange = std::make_shared<Exchange>(pool_, std::move(request), std::move(callback));
    asio::post(pool_.io, [this, exchange] {
      pool_.running.insert(exchange);
      exchange->start();
    });
  }

 private:
  const Status tls_status_;
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
  Result<TlsContext> tls = client_tls_context(settings.tls);
  return std::make_unique<AsioClient>(std::move(settings), std::move(tls));
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
