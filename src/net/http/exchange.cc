// An Exchange is one request on its way:
//
//   acquire ──► dial ──► write ──► read ──► finished
//      │ kept connection ▲
//      └─────────────────┘ once more where that one broke before any answer
#include "net/http/exchange.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "net/address.h"
#include "net/http/dial.h"
#include "net/http/head.h"

namespace kolben::net::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
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
        timer_(pool.io) {}

  void start() {
    pool_.join(shared_from_this());
    Result<Url> url = parse_url(request_.url);
    if (!url.has_value()) return finish(std::move(url).error());
    url_ = std::move(url).value();
    if (url_.is_https && !pool_.tls()) return finish(pool_.tls().status());
    key_ = (url_.is_https ? "https://" : "http://") + Address{url_.host, url_.port}.to_string();
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
    if (channel_) return dial();
    if (!pool_.enqueue(shared_from_this())) {
      finish(unavailable(label() + ": too many requests wait for a connection already"));
    }
  }

  bool is_finished() const override { return !callback_; }
  void cancel(Status why) override { finish(std::move(why)); }

  void finish(Result<Response> result) {
    if (is_finished()) return;
    const std::shared_ptr<Exchange> self = shared_from_this();
    timer_.cancel();
    if (dial_) std::exchange(dial_, nullptr)->cancel();
    pool_.leave(self);
    Client::Callback callback = std::move(callback_);
    if (channel_) close_channel();
    callback(std::move(result));
  }

 private:
  std::string label() const { return request_.method + " " + request_.url; }

  // Pending operations on it end with an error, and find that the exchange is over. Closing queues
  // their handlers, so that the channel, dropped by one queued after them, is there until they ran.
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

  void dial() {
    const DialTarget target{.address = {url_.host, url_.port},
                            .tls = url_.is_https ? *pool_.tls() : nullptr,
                            .tls_settings = pool_.settings.tls};
    dial_ = std::make_shared<Dial>(pool_.io, target, channel_->socket, channel_->tls);
    dial_->start([self = shared_from_this()](Status status) {
      self->dial_ = nullptr;
      if (!status.is_ok()) return self->finish(std::move(status));
      self->write();
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
    if (status < 200) {
      if (++interim_ <= kInterimMax) return read();
      return finish(internal_error(label() + ": only interim answers come"));
    }
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
  Url url_;
  std::string key_, head_;
  std::shared_ptr<Dial> dial_;  // while it connects
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
