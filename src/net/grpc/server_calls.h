// The calls of one gRPC server: ServerCall is one of them, ServerCalls what they share and the
// register of them. Only for the .cc files of this folder: brings in grpc++.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/mutex.h"
#include "net/grpc/server.h"

namespace kolben::net::grpc {

class ServerCalls;

// One call: waiting for a client -> reading its message -> handling -> finishing. One operation of
// grpc++ is pending at a time, and holds the call.
class ServerCall : public std::enable_shared_from_this<ServerCall> {
 public:
  explicit ServerCall(ServerCalls& calls) : calls_(calls), rpc_(std::in_place) {}

  void wait_for_client();
  // The pending operation is done. On a thread of the server.
  void proceed(bool is_success);
  // Once, of a call that the handler has; otherwise ignored. Any thread.
  void finish(const Status& status, std::string reply);
  // Of its connection, as grpc++ spells it: "ipv4:127.0.0.1:51234". Empty before it began.
  const std::string& peer() const { return peer_; }

 private:
  enum class State { kWaiting, kReading, kHandling, kFinishing };

  struct Rpc {
    Rpc() : stream(&context) {}
    ::grpc::GenericServerContext context;
    ::grpc::GenericServerAsyncReaderWriter stream;
    ::grpc::ByteBuffer message;
  };

  void* pend(State state) {
    state_ = state;
    pending_ = shared_from_this();
    return this;
  }
  void begin();
  void read();
  void handle();
  Call take_call();

  ServerCalls& calls_;
  State state_ = State::kWaiting;
  std::atomic<bool> may_answer_ = false;  // true from the handler's start to its answer
  std::shared_ptr<ServerCall> pending_;   // this, while grpc++ has the tag
  std::string peer_;
  // Gone when the call is over, whoever may still hold the call.
  std::optional<Rpc> rpc_;
};

// Any thread.
class ServerCalls {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ServerCalls(ServerSettings server_settings, Handler call_handler, http::OnRejected rejected);

  // Lets grpc++ start one more call without asking.
  void open_place();
  // A call that has begun. `kRead`: its message is to be read. `kRefuse`: not, because its
  // connection has as many calls as it may. `kEnd`: that connection does not even take the
  // refusals, and is to be ended as well.
  enum class Admission { kRead, kRefuse, kEnd };
  Admission add(std::shared_ptr<ServerCall> call);
  // Its message has been read, or cannot be.
  void note_read();
  void remove(const std::shared_ptr<ServerCall>& call);

  void set_stopping();
  void set_shut_down();
  // Until grpc++ has shut down, or until all calls that have their message are answered and
  // `patience` is over; the deadline ends both. True: there was time left.
  bool wait_until_answered(Time patience, Time deadline);
  void wait_until_idle(Time deadline);
  void finish_all(const Status& status);

  // A call that is answered counts until grpc++ has said that the answer is sent; the client may
  // have read it before, and begun as many others.
  std::size_t calls_per_connection_max() const {
    return std::size_t{2} * settings.concurrent_streams_max;
  }
  void reject(std::string_view reason, std::string_view peer);
  // Serves the queue until it is shut down. On each thread of the server.
  void run();

  const ServerSettings settings;
  Handler handler;
  const std::shared_ptr<http::OnRejected> on_rejected;  // shared with the acceptor
  ::grpc::AsyncGenericService service;
  std::unique_ptr<::grpc::ServerCompletionQueue> queue;
  std::uint16_t port = 0;  // constant while calls come

 private:
  Mutex mutex_;
  CondVar idle_;
  std::unordered_set<std::shared_ptr<ServerCall>> running_ KOLBEN_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t> running_of_ KOLBEN_GUARDED_BY(mutex_);  // by peer
  std::size_t reading_ KOLBEN_GUARDED_BY(mutex_) = 0;  // of those that run
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_shut_down_ KOLBEN_GUARDED_BY(mutex_) = false;
};

}  // namespace kolben::net::grpc
