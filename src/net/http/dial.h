// Dial: from a host's name to a connected socket, with TLS where it is asked for. All on one
// thread, that of the io_context. Only for the .cc files of src/net: brings in Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_function.h"
#include "net/address.h"
#include "net/http/tls_context.h"
#include "net/tls.h"

namespace kolben::net::http {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

struct DialTarget {
  Address address;
  TlsContext tls = nullptr;  // null: none
  TlsClientSettings tls_settings = {};
  // The protocol to agree on inside TLS (ALPN, RFC 7301), "h2"; empty: none is spoken of.
  std::string protocol = {};
};

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  // UNAVAILABLE says what failed where. Not called after cancel(), but kept, with what it owns,
  // until the last pending handler has run.
  using Callback = UniqueFunction<void(Status)>;

  // `socket` and `tls` outlive the dial: owned by the callback, or closed after cancel() and kept
  // until the handlers that are pending on them have run.
  Dial(boost::asio::io_context& io, DialTarget target, boost::asio::ip::tcp::socket& socket,
       std::optional<TlsStream>& tls);
  void start(Callback callback);
  void cancel();

 private:
  using ErrorCode = boost::system::error_code;

  void resolve();
  void connect(std::vector<boost::asio::ip::tcp::endpoint> endpoints);
  void shake_hands();
  void on_hands_shaken(const ErrorCode& error);
  Status failure(const std::string& how, const std::string& why) const;
  void finish(Status status);

  const DialTarget target_;
  boost::asio::ip::tcp::socket& socket_;
  std::optional<TlsStream>& tls_;
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  Callback callback_;
  bool is_over_ = false;  // finished or cancelled: what is still pending does nothing
};

}  // namespace kolben::net::http
