// Connection: a Session on a socket. All on one thread, that of the io_context. Only for the .cc
// files of this folder: brings in Asio.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/http/dial.h"
#include "net/http2/session.h"

namespace kolben::net::http2 {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& io, std::size_t response_bytes_max)
      : session_(response_bytes_max), io_(io), socket_(io) {}

  void open(http::DialTarget target);
  // What runs on it ends with `why`.
  void close(const Status& why);

  // False: a new request needs a new connection.
  bool is_usable() const { return !is_closed_ && session_.is_open(); }
  // Sent once the connection is there.
  Session::Number start(Request request, Session::Callback callback);
  // Whether the server has said anything since.
  bool has_heard_since(std::chrono::steady_clock::time_point time) const { return heard_ >= time; }
  void cancel(Session::Number number);

 private:
  using ErrorCode = boost::system::error_code;

  void read();
  void write();
  void on_broken(const ErrorCode& error);

  Session session_;
  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<http::TlsStream> tls_;
  std::shared_ptr<http::Dial> dial_;  // while it connects
  std::array<char, 16 << 10> input_;
  std::string output_;
  std::chrono::steady_clock::time_point heard_;  // the last bytes of the server
  bool is_writing_ = false;
  bool is_closed_ = false;
};

}  // namespace kolben::net::http2
