// An Exchange is one request on its way:
//
//   acquire ──► resolve ──► connect (TLS) ──► write ──► read ──► finished
//      │ kept connection                        ▲
//      └────────────────────────────────────────┘ once more where that one broke before any answer
#include "net/http/exchange.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "net/address.h"
#include "net/http/head.h"

namespace kolben::net::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = beast::http::response_parser<beast::http::string_body>;
using std::chrono::steady_clock;

// Interim answers (1xx) before the real one; a server has no reason to send more.
constexpr int kInterimMax = 16;

class Exchange final : public Waiter, public std::enable_shared_from_this<Exchange> {
 public:
  // The pool outlives its exchanges.
  Exchange(Pool& pool, ClientRequest request, Client::Callback callback)
      : pool_(pool),
        request_(std::move(request)),
        callback_(std::move(callback)),
        timer_(pool.io),
        resolver_(pool.io) {}

  void start() {
    pool_.join(shared_from_this());
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
  void acquire() override {
    if (is_finished()) return;
    if (!is_second_try_) channel_ = pool_.take_idle(key_);
    is_reused_ = channel_ != nullptr;
    if (is_reused_) return write();
    channel_ = pool_.open(key_);
    if (channel_) return resolve();
    if (!pool_.enqueue(shared_from_this())) {
      finish(unavailable(label() + ": too many requests wait for a connection already"));
    }
  }

  bool is_finished() const override { return !callback_; }
  void cancel(Status why) override { finish(std::move(why)); }

  void finish(Result<Response> result) {
    if (is_finished()) return;
    timer_.cancel();
    resolver_.cancel();
    const std::shared_ptr<Exchange> self = shared_from_this();
    pool_.leave(self);
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

  void write() {
    head_ = request_head(request_, url_);
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

}  // namespace

void start_exchange(Pool& pool, ClientRequest request, Client::Callback callback) {
  std::make_shared<Exchange>(pool, std::move(request), std::move(callback))->start();
}

}  // namespace kolben::net::http
