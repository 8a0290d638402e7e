// One HTTP/1.1 connection of the server:
//
//   handshake (TLS) -> idle -> header -> body -> handling -> writing -> idle ...
//                                 \________\__ refused: error answer -> lingering -> closed
//
// All members are touched on the connection's strand alone. One timer guards the phase that the
// connection is in; a phase without a limit of its own (handling) has none: the handler answers.
#include "net/http/session.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <type_traits>

#include "net/http/cors.h"
#include "net/http/head.h"
#include "net/http/page_check.h"
#include "net/http/refusal.h"
#include "net/listen.h"

namespace kolben::net::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Parser = beast::http::request_parser<beast::http::string_body>;
using ParserError = beast::http::error;
using std::chrono::steady_clock;

// Beyond it: 431. Go's and nginx's limits are of this order, too.
constexpr std::uint32_t kHeaderBytesMax = 64 << 10;
constexpr std::size_t kReadBytes = 16 << 10;
// Of what was read and not understood yet: a chunk's head and trailers have no limit of their own.
constexpr std::size_t kUnreadBytesMax = 2 * kHeaderBytesMax;
// A peer that still sends while it is refused is listened to this long, so that closing does not
// reset the connection before it has read the answer.
constexpr std::chrono::nanoseconds kLingerTime = std::chrono::seconds(2);
constexpr std::chrono::nanoseconds kTlsShutdownTime = std::chrono::seconds(1);
// While the server stops, a request that is still arriving has this long, and a refused peer this.
constexpr std::chrono::nanoseconds kDrainTime = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kDrainLingerTime = std::chrono::milliseconds(250);

enum class Phase { kHandshake, kIdle, kHeader, kBody, kHandling, kWriting, kLingering, kClosed };

template <typename Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <typename... Args>
  Session(std::shared_ptr<ServerCore> core, TlsContext tls, tcp::socket socket, Args&... args)
      : core_(std::move(core)),
        tls_(std::move(tls)),
        peer_(peer_of(socket.native_handle())),
        stream_(std::move(socket), args...),
        timer_(stream_.get_executor()) {}

  void start() {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->open(); });
  }

  void drain() override {
    core_->post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->is_draining_ = true;
      if (self->phase_ == Phase::kIdle || self->phase_ == Phase::kHandshake) self->shut();
      const bool is_arriving = self->phase_ == Phase::kHeader || self->phase_ == Phase::kBody;
      if (is_arriving) self->enter(self->phase_, kDrainTime);
    });
  }

  void close() override {
    core_->post(stream_.get_executor(), [self = this->shared_from_this()] { self->shut(); });
  }

  void make_way() override {
    core_->post(stream_.get_executor(), [self = this->shared_from_this()] {
      if (self->phase_ == Phase::kClosed) return;
      if (self->wait().kind == Waiting::kNot) return self->core_->take_back(self);
      self->core_->reject("made_room", self->peer_);
      self->shut();
    });
  }

 private:
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

  std::shared_ptr<Session> self() { return this->shared_from_this(); }
  tcp::socket& socket() {
    if constexpr (kIsTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  static Waiting waiting_in(Phase phase) {
    switch (phase) {
      case Phase::kIdle:
        return Waiting::kForRequest;
      case Phase::kHandshake:
      case Phase::kHeader:
        return Waiting::kForHeader;
      case Phase::kBody:
        return Waiting::kForBody;
      default:
        return Waiting::kNot;
    }
  }

  void enter(Phase phase, std::chrono::nanoseconds limit) {
    phase_ = phase;
    const auto time = std::chrono::duration_cast<steady_clock::duration>(limit);
    timer_.expires_after(time);
    this->set_wait({waiting_in(phase), timer_.expiry() - time});
    timer_.async_wait([self = self()](const ErrorCode& error) {
      if (!error) self->on_time();
    });
  }

  void enter_without_limit(Phase phase) {
    phase_ = phase;
    this->set_wait({});
    timer_.expires_at(steady_clock::time_point::max());
  }

  void on_time() {
    if (phase_ == Phase::kClosed || timer_.expiry() > steady_clock::now()) return;
    switch (phase_) {
      case Phase::kHeader:
      case Phase::kBody: {
        // The pending read ends with an error, and answers 408.
        is_late_ = true;
        ErrorCode ignored;
        socket().cancel(ignored);
        return;
      }
      case Phase::kHandshake:
      case Phase::kWriting:
        core_->reject("timeout", peer_);
        return shut();
      default:
        return shut();
    }
  }

  void open() {
    if (phase_ == Phase::kClosed) return;
    if constexpr (kIsTls) {
      enter(Phase::kHandshake, core_->settings.header_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = self()](const ErrorCode& error) {
                                if (!error) return self->await_request();
                                if (self->phase_ != Phase::kClosed) {
                                  self->core_->reject("tls_handshake_failed", self->peer_);
                                }
                                self->shut();
                              });
    } else {
      await_request();
    }
  }

  void await_request() {
    if (phase_ == Phase::kClosed) return;
    if (is_draining_) return shut();
    if (buffer_.size() > 0) return read_header();
    if (has_ended_) return shut();
    enter(Phase::kIdle, core_->settings.idle_timeout);
    if (is_reading_ahead_) return;
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = self()](const ErrorCode& error, std::size_t size) {
                              if (error) return self->shut();
                              self->buffer_.commit(size);
                              self->on_first_bytes();
                            });
  }

  void on_first_bytes() {
    if (phase_ == Phase::kClosed) return;
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    if (is_first_request_ && !kIsTls && bytes.starts_with("\x16\x03")) {
      core_->reject("tls_on_plain_port", peer_);
      return shut();
    }
    if (is_first_request_ && bytes.starts_with("PRI * HTTP/2")) return refuse(kHttp2);
    read_header();
  }

  void read_header() {
    is_first_request_ = false;
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(core_->settings.body_bytes_max);
    enter(Phase::kHeader, core_->settings.header_timeout);
    beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = self()](const ErrorCode& error, std::size_t) { self->on_header(error); });
  }

  void on_header(const ErrorCode& error) {
    if (phase_ == Phase::kClosed) return;
    if (error) return on_read_error(error);
    if (parser_->get().version() >= 11 && parser_->get().count(beast::http::field::host) == 0) {
      return refuse(kNoHost);
    }
    // Refused by its header alone, so that nothing more is read.
    if (const auto page = strange_page(core_->settings, core_->is_local, parser_->get())) {
      return refuse({403, page->reason, page->text});
    }
    if (parser_->is_done()) return handle();
    enter(Phase::kBody, is_draining_ ? kDrainTime : core_->settings.body_timeout);
    parser_->eager(true);
    const bool wants_continue =
        beast::iequals(parser_->get()[beast::http::field::expect], "100-continue");
    if (wants_continue && buffer_.size() == 0) return send_continue();
    read_body();
  }

  void send_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = self()](const ErrorCode& error, std::size_t) {
                        if (error) return self->shut();
                        self->read_body();
                      });
  }

  // Piece by piece: what it holds is counted as it comes, not as the header claims.
  void read_body() {
    if (phase_ == Phase::kClosed) return;
    beast::http::async_read_some(
        stream_, buffer_, *parser_,
        [self = self()](const ErrorCode& error, std::size_t) { self->on_body_piece(error); });
  }

  void on_body_piece(const ErrorCode& error) {
    if (phase_ == Phase::kClosed) return;
    if (error) return on_read_error(error);
    if (parser_->is_done()) return handle();
    const std::size_t size = parser_->get().body().size();
    if (size > kBodyBytesFree && size > arriving_bytes_) {
      if (!core_->arriving.take(size - arriving_bytes_)) return refuse(kTooManyBytes);
      arriving_bytes_ = size;
    }
    read_body();
  }

  void give_back_arriving() { core_->arriving.give_back(std::exchange(arriving_bytes_, 0)); }
  void give_back_leaving() { core_->leaving.give_back(std::exchange(leaving_bytes_, 0)); }

  void on_read_error(const ErrorCode& error) {
    if (is_late_) return refuse(is_draining_ ? kStopping : kTimeout);
    if (error == ParserError::partial_message) core_->reject("cut_off", peer_);
    const Refusal* refusal = refusal_of(error);
    if (refusal == nullptr) return shut();
    refuse(*refusal);
  }

  void handle() {
    enter_without_limit(Phase::kHandling);
    Request request = take_request();
    if (core_->settings.watches_peers) request.is_peer_gone = watch_peer();
    if (std::optional<Response> preflight =
            answer_preflight(core_->settings.cors_allowed_origins, request)) {
      return respond(std::move(*preflight));
    }
    // Weak: the server owns its connections, an answer that comes after its end goes nowhere.
    core_->handler(std::move(request),
                   Responder([core = std::weak_ptr<ServerCore>(core_),
                              weak = this->weak_from_this()](Response response) mutable {
                     respond_from_anywhere(core, weak, std::move(response));
                   }));
  }

  // While an answer is made nothing would be read, so that a peer that hangs up would not be
  // noticed: so one read waits for its end (FIN, reset, or TLS's close_notify, which only the
  // stream can tell from other records). It may also bring the next request, which is kept, and
  // whoever sends that early is not watched any more. A read that waits for the next request
  // already is not started again in await_request().
  // Whoever ends its own half alone counts as gone, too: nothing tells the two apart.
  std::shared_ptr<const std::atomic<bool>> watch_peer() {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    if (buffer_.size() > 0) return gone;
    is_reading_ahead_ = true;
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = self(), gone](const ErrorCode& error, std::size_t size) {
                              if (error) gone->store(true);
                              self->on_read_ahead(error, size);
                            });
    return gone;
  }

  void on_read_ahead(const ErrorCode& error, std::size_t size) {
    is_reading_ahead_ = false;
    has_ended_ = static_cast<bool>(error);
    buffer_.commit(size);
    if (phase_ != Phase::kIdle) return;
    if (has_ended_) {
      shut();
    } else {
      on_first_bytes();
    }
  }

  static void respond_from_anywhere(const std::weak_ptr<ServerCore>& weak_core,
                                    const std::weak_ptr<Session>& weak_self, Response response) {
    const std::shared_ptr<ServerCore> core = weak_core.lock();
    const std::shared_ptr<Session> self = weak_self.lock();
    if (!core || !self) return;
    core->post(self->stream_.get_executor(), [self, response = std::move(response)]() mutable {
      self->respond(std::move(response));
    });
  }

  Request take_request() {
    auto& message = parser_->get();
    Request request;
    request.method = message.method_string();
    request.target = message.target();
    for (const auto& field : message) {
      request.headers.emplace_back(field.name_string(), field.value());
    }
    request.body = Bytes::from_string(std::move(message.body()));
    request.peer = peer_;
    is_head_request_ = request.method == "HEAD";
    keep_alive_ = message.keep_alive();
    origin_ = request.header("Origin");
    parser_.reset();
    give_back_arriving();
    return request;
  }

  void respond(Response response) {
    if (phase_ != Phase::kHandling) return;  // closed meanwhile
    if (const std::size_t size = response.body.size(); size > kBodyBytesFree) {
      if (!core_->leaving.take(size)) {
        core_->reject(kAnswersTooLarge.reason, peer_);
        response = response_of(kAnswersTooLarge);
      } else {
        leaving_bytes_ = size;
      }
    }
    allow_origin(core_->settings.cors_allowed_origins, origin_, response);
    write(std::move(response));
  }

  // Answers without the handler, and ends the connection: where the next request would begin is
  // not known.
  void refuse(const Refusal& refusal) {
    core_->reject(refusal.reason, peer_);
    keep_alive_ = false;
    must_linger_ = true;
    is_head_request_ = false;
    parser_.reset();
    give_back_arriving();
    write(response_of(refusal));
  }

  void write(Response response) {
    if (is_draining_) keep_alive_ = false;
    response_ = std::move(response);
    head_ = response_head(response_, keep_alive_);
    const bool sends_body = has_body(response_.status) && !is_head_request_;
    const std::string_view body = sends_body ? response_.body.view() : std::string_view();
    enter(Phase::kWriting, core_->settings.body_timeout);
    const std::array<asio::const_buffer, 2> buffers = {
        asio::buffer(head_), asio::const_buffer(body.data(), body.size())};
    asio::async_write(stream_, buffers, [self = self()](const ErrorCode& error, std::size_t) {
      self->on_written(error);
    });
  }

  void on_written(const ErrorCode& error) {
    response_ = {};
    give_back_leaving();
    if (phase_ == Phase::kClosed) return;
    if (error) return shut();
    if (keep_alive_ && !is_draining_) return await_request();
    say_goodbye();
  }

  void say_goodbye() {
    if constexpr (kIsTls) {
      enter(Phase::kLingering, kTlsShutdownTime);
      stream_.async_shutdown([self = self()](const ErrorCode&) { self->shut(); });
    } else {
      ErrorCode ignored;
      socket().shutdown(tcp::socket::shutdown_send, ignored);
      if (!must_linger_) return shut();
      enter(Phase::kLingering, is_draining_ ? kDrainLingerTime : kLingerTime);
      linger();
    }
  }

  void linger() {
    buffer_.consume(buffer_.size());
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = self()](const ErrorCode& error, std::size_t) {
                              if (error || self->phase_ == Phase::kClosed) return self->shut();
                              self->linger();
                            });
  }

  void shut() {
    if (phase_ == Phase::kClosed) return;
    enter_without_limit(Phase::kClosed);
    ErrorCode ignored;
    socket().close(ignored);
    give_back_arriving();
    core_->remove(self());
  }

  const std::shared_ptr<ServerCore> core_;
  const TlsContext tls_;  // outlives the stream
  const std::string peer_;
  Stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_{kUnreadBytesMax};
  std::optional<Parser> parser_;
  Response response_;  // alive while it is written
  std::string head_;
  std::string origin_;
  std::size_t arriving_bytes_ = 0;  // taken from the server's quotas
  std::size_t leaving_bytes_ = 0;
  Phase phase_ = Phase::kHandshake;
  bool is_first_request_ = true;
  bool is_head_request_ = false;
  bool keep_alive_ = false;
  bool must_linger_ = false;
  bool is_draining_ = false;
  bool is_late_ = false;
  bool is_reading_ahead_ = false;  // watch_peer()
  bool has_ended_ = false;         // that read met the end of what the peer sends
};

// Told in one packet, without waiting for it: the server is at its limit.
void turn_away(ServerCore& core, tcp::socket& socket) {
  core.reject(kTooManyConnections.reason, peer_of(socket.native_handle()));
  const Response response = response_of(kTooManyConnections);
  const std::string text = response_head(response, false) + std::string(response.body.view());
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(text), 0, ignored);
}

}  // namespace

void start_session(const std::shared_ptr<ServerCore>& core, tcp::socket socket,
                   const TlsContext& tls) {
  ErrorCode ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto start = [&core](const auto& session) {
    if (core->add(session)) session->start();
  };
  const ServerCore::Admission admission = core->admit();
  if (!admission.is_admitted) return turn_away(*core, socket);
  if (admission.makes_way) admission.makes_way->make_way();
  if (tls) {
    start(std::make_shared<Session<TlsStream>>(core, tls, std::move(socket), *tls));
  } else {
    start(std::make_shared<Session<tcp::socket>>(core, tls, std::move(socket)));
  }
}

}  // namespace kolben::net::http
