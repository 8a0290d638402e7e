// Session: the client's half of an HTTP/2 connection (RFC 9113) as bytes in and bytes out. nghttp2
// stays behind this header. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "net/http/message.h"

struct nghttp2_session;

namespace kolben::net::http2 {

struct Request {
  http::Headers headers = {};  // pseudo-headers first; names in lower case
  // The request's content: `prefix` and then `body`, which is kept alive and never copied as a
  // whole.
  std::string prefix = {};
  Bytes body = {};
};

struct Response {
  int status = 0;
  http::Headers headers = {};
  http::Headers trailers = {};
  std::string body = {};
};

class Session {
 public:
  using Callback = UniqueFunction<void(Result<Response>)>;
  using Number = std::int32_t;

  explicit Session(std::size_t response_bytes_max);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Whether another request may begin: the server has not said goodbye, and numbers are left.
  bool is_open() const;
  // The callback runs within receive(), cancel_all() or the next call of take_output(); it must not
  // call back into the session. Negative: the request cannot begin, and the callback was called.
  Number start(Request request, Callback callback);
  // The server is told, the callback is forgotten.
  void cancel(Number number);
  // Each request under way ends with `why`.
  void cancel_all(const Status& why);

  // Bytes of the server. An error: the connection is of no more use, and says why.
  Status receive(std::string_view bytes);
  // Appends what is to be sent, until there are `bytes_max` or no more. UNAVAILABLE: the connection
  // has come to its end.
  Status take_output(std::string& to, std::size_t bytes_max);

 private:
  struct Stream;
  struct Callbacks;  // nghttp2's
  friend struct Callbacks;

  Stream* find(Number number);

  const std::size_t response_bytes_max_;
  std::map<Number, std::unique_ptr<Stream>> streams_;
  nghttp2_session* session_ = nullptr;
};

}  // namespace kolben::net::http2
