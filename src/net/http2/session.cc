#include "net/http2/session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/check.h"

namespace kolben::net::http2 {
namespace {

// Of one block; what an honest server sends is a fraction of it.
constexpr std::size_t kHeaderBytesMax = 64 << 10;

std::uint8_t* bytes_of(const std::string& text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

std::vector<nghttp2_nv> pairs_of(const http::Headers& headers) {
  std::vector<nghttp2_nv> pairs;
  for (const auto& [name, value] : headers) {
    pairs.push_back(
        {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return pairs;
}

// gRPC over HTTP2, "Errors": what a stream's end by RST_STREAM means.
Status reset_status(std::uint32_t error) {
  const std::string text =
      "the server ended the request (" + std::string(nghttp2_http2_strerror(error)) + ")";
  switch (error) {
    case NGHTTP2_REFUSED_STREAM:
      return unavailable(text);
    case NGHTTP2_CANCEL:
      return cancelled(text);
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return resource_exhausted(text);
    case NGHTTP2_INADEQUATE_SECURITY:
      return Status(StatusCode::kPermissionDenied, text);
    default:
      return internal_error(text);
  }
}

}  // namespace

struct Session::Stream {
  Request request;
  std::size_t sent = 0;  // of prefix and body
  Response response;
  std::size_t header_bytes = 0;
  bool is_final = false;     // the headers of the answer itself have begun, not those of a 1xx
  bool is_answered = false;  // those headers are complete: what comes behind them are trailers
  bool is_complete = false;  // the server has said all
  Status failure = Status::ok();
  Callback callback;

  // Copies what comes next of the request's content.
  std::size_t read(std::uint8_t* bytes, std::size_t size) {
    char* const to = reinterpret_cast<char*>(bytes);
    const std::size_t prefix_size = request.prefix.size();
    std::size_t count = 0;
    if (sent < prefix_size) count = request.prefix.copy(to, size, sent);
    if (sent + count >= prefix_size) {
      count += request.body.view().copy(to + count, size - count, sent + count - prefix_size);
    }
    sent += count;
    return count;
  }
  bool is_sent() const { return sent == request.prefix.size() + request.body.size(); }

  void end(Result<Response> result) {
    if (callback) std::exchange(callback, {})(std::move(result));
  }
};

// They must not throw; what they find wrong is kept in the stream, which is then reset.
struct Session::Callbacks {
  static Session& of(void* data) { return *static_cast<Session*>(data); }

  static ssize_t on_read(nghttp2_session*, std::int32_t number, std::uint8_t* to, std::size_t size,
                         std::uint32_t* flags, nghttp2_data_source*, void* data) {
    Stream* stream = of(data).find(number);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t count = stream->read(to, size);
    if (stream->is_sent()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* data) {
    Stream* stream = of(data).find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    stream->header_bytes += name_size + value_size;
    if (stream->header_bytes > kHeaderBytesMax) {
      return fail(*stream, resource_exhausted("the answer has too many headers"));
    }
    std::string key(reinterpret_cast<const char*>(name), name_size);
    std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") {
      // nghttp2 has seen that it is a number of three digits.
      std::from_chars(text.data(), text.data() + text.size(), stream->response.status);
      stream->is_final = stream->response.status >= 200;
    } else if (stream->is_final) {
      auto& list = stream->is_answered ? stream->response.trailers : stream->response.headers;
      list.emplace_back(std::move(key), std::move(text));
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    Stream* stream = of(data).find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && stream->is_final) stream->is_answered = true;
    const bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (can_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream->is_complete = true;
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t number,
                     const std::uint8_t* bytes, std::size_t size, void* data) {
    Stream* stream = of(data).find(number);
    if (stream == nullptr || !stream->failure.is_ok()) return 0;
    const std::size_t max = of(data).response_bytes_max_;
    if (stream->response.body.size() + size > max) {
      stream->failure =
          resource_exhausted("the answer has more than " + std::to_string(max) + " bytes");
      return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, number, NGHTTP2_CANCEL);
    }
    stream->response.body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t number, std::uint32_t error, void* data) {
    Session& session = of(data);
    const auto found = session.streams_.find(number);
    if (found == session.streams_.end()) return 0;
    const std::unique_ptr<Stream> stream = std::move(found->second);
    session.streams_.erase(found);
    if (!stream->failure.is_ok()) {
      stream->end(std::move(stream->failure));
    } else if (stream->is_complete) {
      stream->end(std::move(stream->response));
    } else {
      stream->end(reset_status(error));
    }
    return 0;
  }

 private:
  static int fail(Stream& stream, Status why) {
    stream.failure = std::move(why);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
  }
};

Session::Session(std::size_t response_bytes_max) : response_bytes_max_(response_bytes_max) {
  nghttp2_session_callbacks* callbacks = nullptr;
  KOLBEN_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  const int made = nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  KOLBEN_CHECK(made == 0);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(kHeaderBytesMax)}};
  KOLBEN_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 2) == 0);
}

Session::~Session() {
  nghttp2_session_del(session_);
}

Session::Stream* Session::find(Number number) {
  const auto found = streams_.find(number);
  return found == streams_.end() ? nullptr : found->second.get();
}

bool Session::is_open() const {
  return nghttp2_session_check_request_allowed(session_) != 0;
}

Session::Number Session::start(Request request, Callback callback) {
  auto stream = std::make_unique<Stream>();
  stream->request = std::move(request);
  stream->callback = std::move(callback);
  if (!is_open()) {
    stream->end(unavailable("the server does not go on with HTTP/2"));
    return -1;
  }
  const std::vector<nghttp2_nv> headers = pairs_of(stream->request.headers);
  nghttp2_data_provider content = {{}, Callbacks::on_read};
  const Number number =
      nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &content, nullptr);
  if (number < 0) {
    stream->end(internal_error("the request cannot begin: " +
                               std::string(nghttp2_strerror(static_cast<int>(number)))));
    return number;
  }
  streams_.emplace(number, std::move(stream));
  return number;
}

void Session::cancel(Number number) {
  if (streams_.erase(number) == 0) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, number, NGHTTP2_CANCEL);
}

void Session::cancel_all(const Status& why) {
  const auto streams = std::move(streams_);
  streams_.clear();
  for (const auto& [number, stream] : streams) stream->end(why);
}

Status Session::receive(std::string_view bytes) {
  const ssize_t used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    return unavailable("the answer is no HTTP/2: " +
                       std::string(nghttp2_strerror(static_cast<int>(used))));
  }
  return Status::ok();
}

Status Session::take_output(std::string& to, std::size_t bytes_max) {
  while (to.size() < bytes_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) return internal_error(nghttp2_strerror(static_cast<int>(size)));
    if (size == 0) break;
    to.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  // The server has said goodbye and nothing runs any more, or it broke the rules.
  if (to.empty() && nghttp2_session_want_read(session_) == 0) {
    return unavailable("the server does not go on with HTTP/2");
  }
  return Status::ok();
}

}  // namespace kolben::net::http2
