#include "net/http2/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace kolben::net::http2 {
namespace {

namespace asio = boost::asio;

// Written at a time.
constexpr std::size_t kOutputBytes = 128 << 10;

// `function` on the TLS stream where there is one, else on the socket.
template <typename Function>
void with_stream(asio::ip::tcp::socket& socket, std::optional<http::TlsStream>& tls,
                 Function function) {
  if (tls) {
    function(*tls);
  } else {
    function(socket);
  }
}

}  // namespace

void Connection::open(http::DialTarget target) {
  dial_ = std::make_shared<http::Dial>(io_, std::move(target), socket_, tls_);
  dial_->start([self = shared_from_this()](Status status) {
    self->dial_ = nullptr;
    if (!status.is_ok()) return self->close(status);
    self->read();
    self->write();
  });
}

void Connection::close(const Status& why) {
  if (is_closed_) return;
  is_closed_ = true;
  const auto self = shared_from_this();
  if (dial_) std::exchange(dial_, nullptr)->cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  session_.cancel_all(why);
}

Session::Number Connection::start(Request request, Session::Callback callback) {
  const Session::Number number = session_.start(std::move(request), std::move(callback));
  write();
  return number;
}

void Connection::cancel(Session::Number number) {
  session_.cancel(number);
  write();
}

void Connection::on_broken(const ErrorCode& error) {
  close(unavailable("the connection broke before the answer: " + error.message()));
}

void Connection::read() {
  with_stream(socket_, tls_, [this](auto& stream) {
    stream.async_read_some(asio::buffer(input_), [self = shared_from_this()](const ErrorCode& error,
                                                                             std::size_t size) {
      if (self->is_closed_) return;
      if (error) return self->on_broken(error);
      self->heard_ = std::chrono::steady_clock::now();
      const Status status = self->session_.receive({self->input_.data(), size});
      if (!status.is_ok()) return self->close(status);
      self->read();
      self->write();
    });
  });
}

void Connection::write() {
  if (is_writing_ || is_closed_ || dial_) return;
  output_.clear();
  const Status status = session_.take_output(output_, kOutputBytes);
  if (!status.is_ok()) return close(status);
  if (output_.empty()) return;
  is_writing_ = true;
  with_stream(socket_, tls_, [this](auto& stream) {
    asio::async_write(stream, asio::buffer(output_),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        self->is_writing_ = false;
                        if (self->is_closed_) return;
                        if (error) return self->on_broken(error);
                        self->write();
                      });
  });
}

}  // namespace kolben::net::http2
