#include "net/grpc/server_calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "net/grpc/byte_buffer.h"
#include "net/grpc/end_connection.h"

namespace kolben::net::grpc {
namespace {

using std::chrono::steady_clock;

// "ipv6:%5B::1%5D:51234" as grpc++ spells it -> "[::1]:51234"
std::string plain_peer(const std::string& peer) {
  const std::size_t colon = peer.find(':');
  return http::percent_decode(std::string_view(peer).substr(colon == peer.npos ? 0 : colon + 1));
}

}  // namespace

void ServerCall::wait_for_client() {
  void* tag = pend(State::kWaiting);
  calls_.service.RequestCall(&rpc_->context, &rpc_->stream, calls_.queue.get(), calls_.queue.get(),
                             tag);
}

void ServerCall::proceed(bool is_success) {
  const std::shared_ptr<ServerCall> self = std::move(pending_);
  switch (state_) {
    case State::kWaiting:
      if (!is_success) return rpc_.reset();  // the server shuts down
      calls_.open_place();
      return begin();
    case State::kReading:
      calls_.note_read();
      if (is_success) return handle();
      // Too large, cut off, or none at all: grpc++ has told the client where it was the limit.
      calls_.reject("unreadable_message", plain_peer(rpc_->context.peer()));
      may_answer_ = true;
      return finish(invalid_argument("the call came without a message that can be read"), {});
    case State::kHandling:
      return;
    case State::kFinishing:
      rpc_.reset();
      calls_.remove(self);
      return;
  }
}

// A client that says that it has read our SETTINGS is held to their number of calls by grpc++. One
// that never says so is not: this refuses its calls before there is memory for their messages.
void ServerCall::begin() {
  using Admission = ServerCalls::Admission;
  peer_ = rpc_->context.peer();
  const Admission admission = calls_.add(shared_from_this());
  if (admission == Admission::kRead) return read();
  calls_.reject("too_many_calls", plain_peer(peer_));
  if (admission == Admission::kEnd) end_connection(plain_peer(peer_), calls_.port);
  may_answer_ = true;
  finish(unavailable("more than " + std::to_string(calls_.calls_per_connection_max()) +
                     " calls at once on one connection; wait for their answers"),
         {});
}

void ServerCall::read() {
  void* tag = pend(State::kReading);
  rpc_->stream.Read(&rpc_->message, tag);
}

Call ServerCall::take_call() {
  Call call;
  call.method = rpc_->context.method();
  call.peer = plain_peer(rpc_->context.peer());
  for (const auto& [name, value] : rpc_->context.client_metadata()) {
    call.metadata.emplace_back(std::string(name.data(), name.size()),
                               std::string(value.data(), value.size()));
  }
  call.message = to_bytes(rpc_->message);
  call.compression = compression_of(rpc_->message, call.message.view());
  rpc_->message.Clear();
  return call;
}

void ServerCall::handle() {
  state_ = State::kHandling;
  may_answer_ = true;
  // Weak: running calls belong to the engine, which outlives them but not the responder.
  Responder responder([weak = weak_from_this()](const Status& status, std::string reply) {
    if (const auto call = weak.lock()) call->finish(status, std::move(reply));
  });
  calls_.handler(take_call(), std::move(responder));
}

void ServerCall::finish(const Status& status, std::string reply) {
  if (!may_answer_.exchange(false)) return;
  void* tag = pend(State::kFinishing);
  if (status.is_ok()) {
    rpc_->stream.WriteAndFinish(
        to_byte_buffer(Bytes::from_string(std::move(reply)), wire::Compression::kNone),
        ::grpc::WriteOptions(), ::grpc::Status::OK, tag);
    return;
  }
  std::string details;
  if (calls_.settings.encode_status_details != nullptr && status.retry_after().has_value()) {
    details = calls_.settings.encode_status_details(status);
  }
  rpc_->stream.Finish({static_cast<::grpc::StatusCode>(status.code()),
                       std::string(status.message()), std::move(details)},
                      tag);
}

ServerCalls::ServerCalls(ServerSettings server_settings, Handler call_handler,
                         http::OnRejected rejected)
    : settings(std::move(server_settings)),
      handler(std::move(call_handler)),
      on_rejected(std::make_shared<http::OnRejected>(std::move(rejected))) {}

void ServerCalls::open_place() {
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return;
  }
  std::make_shared<ServerCall>(*this)->wait_for_client();
}

ServerCalls::Admission ServerCalls::add(std::shared_ptr<ServerCall> call) {
  const std::size_t bound = calls_per_connection_max();
  MutexLock lock(mutex_);
  const std::size_t count = ++running_of_[call->peer()];
  running_.insert(std::move(call));
  if (count > bound) return count == 2 * bound + 1 ? Admission::kEnd : Admission::kRefuse;
  ++reading_;
  return Admission::kRead;
}

void ServerCalls::note_read() {
  MutexLock lock(mutex_);
  --reading_;
}

void ServerCalls::remove(const std::shared_ptr<ServerCall>& call) {
  MutexLock lock(mutex_);
  running_.erase(call);
  if (const auto of = running_of_.find(call->peer());
      of != running_of_.end() && --of->second == 0) {
    running_of_.erase(of);
  }
  if (running_.size() == reading_) idle_.notify_all();
}

void ServerCalls::set_stopping() {
  MutexLock lock(mutex_);
  is_stopping_ = true;
}

void ServerCalls::set_shut_down() {
  MutexLock lock(mutex_);
  is_shut_down_ = true;
  idle_.notify_all();
}

bool ServerCalls::wait_until_answered(Time patience, Time deadline) {
  MutexLock lock(mutex_);
  while (!is_shut_down_) {
    const auto now = steady_clock::now();
    if (now >= deadline) return false;
    const bool is_answered = running_.size() == reading_;
    if (is_answered && now >= patience) return true;
    const auto until = is_answered ? std::min(patience, deadline) : deadline;
    idle_.wait_for(mutex_, std::min<std::chrono::nanoseconds>(until - now, std::chrono::hours(1)));
  }
  return true;
}

void ServerCalls::wait_until_idle(Time deadline) {
  MutexLock lock(mutex_);
  while (!running_.empty()) {
    const auto left = deadline - steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return;
    idle_.wait_for(mutex_, std::min<std::chrono::nanoseconds>(left, std::chrono::hours(1)));
  }
}

void ServerCalls::finish_all(const Status& status) {
  std::vector<std::shared_ptr<ServerCall>> calls;
  {
    MutexLock lock(mutex_);
    calls.assign(running_.begin(), running_.end());
  }
  for (const auto& call : calls) call->finish(status, {});
}

void ServerCalls::reject(std::string_view reason, std::string_view peer) {
  if (*on_rejected) (*on_rejected)(reason, peer);
}

void ServerCalls::run() {
  void* tag = nullptr;
  bool is_success = false;
  while (queue->Next(&tag, &is_success)) static_cast<ServerCall*>(tag)->proceed(is_success);
}

}  // namespace kolben::net::grpc
