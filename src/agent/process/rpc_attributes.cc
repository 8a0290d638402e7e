#include "agent/process/rpc_attributes.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "agent/process/attribute_writer.h"
#include "agent/process/http_head.h"

namespace kolben::agent {
namespace {

constexpr std::uint32_t kCancel = 8;  // RFC 9113, 7
constexpr int kCancelled = 1;
constexpr int kDeadlineExceeded = 4;
constexpr int kUnimplemented = 12;
constexpr int kNoStatus = -1;
constexpr std::size_t kAttributesUsual = 16;

// By their number. Source: grpc/grpc, doc/statuscodes.md.
constexpr std::string_view kStatusNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// A client that gives its call up for its time is over says CANCEL, as one that does for another
// reason. What it has told the server is rounded up, by a hundredth at most, and its clock began to
// run before the request was written.
bool has_timed_out(const WebCall& call) {
  constexpr std::uint64_t kBeforeWriting = 1'000'000;
  const std::uint64_t lasted =
      call.end_time > call.start_time ? call.end_time - call.start_time : 0;
  return call.timeout != 0 && lasted + kBeforeWriting >= call.timeout - call.timeout / 100;
}

int status_of(const WebCall& call) {
  if (call.grpc_status >= 0) return call.grpc_status;
  const bool is_cancelled = call.end == CallEnd::kReset && call.reset == kCancel;
  if (!is_cancelled) return kNoStatus;
  return has_timed_out(call) ? kDeadlineExceeded : kCancelled;
}

std::string status_name(int status) {
  const auto index = static_cast<std::size_t>(status);
  return index < std::size(kStatusNames) ? std::string(kStatusNames[index])
                                         : std::to_string(status);
}

std::string error_type(const WebCall& call) {
  const int status = status_of(call);
  if (status != kNoStatus) return status_name(status);
  if (call.end == CallEnd::kProcessEnded) return "process_ended";
  return call.end == CallEnd::kClosed ? "connection_closed" : "_OTHER";
}

class Writer {
 public:
  Writer(const WebCall& call, const StreamPeer& peer, Attributes& attributes, Arena& arena)
      : call_(call), peer_(peer), to_(attributes, arena) {}

  void old_conventions() {
    const std::string_view name = rpc_span_name(call_);
    const std::size_t slash = name.rfind('/');
    to_.text("rpc.system", "grpc");
    if (slash != std::string_view::npos) {
      to_.text("rpc.method", name.substr(slash + 1));
      to_.text("rpc.service", name.substr(0, slash));
    }
    to_.text(peer_.is_client ? "net.peer.ip" : "net.peer.name", peer_.address);
    to_.number("net.peer.port", peer_.port);
    const int status = status_of(call_);
    if (status != kNoStatus) to_.any_number("rpc.grpc.status_code", status);
  }

  // Where both are told, the old `rpc.method` is the stable one's: the key is the same.
  void stable_conventions() {
    to_.text("rpc.system.name", "grpc");
    method();
    server();
    if (peer_.is_client) {
      to_.text("client.address", peer_.address);
      to_.number("client.port", peer_.port);
    }
    to_.text("network.peer.address", peer_.address);
    to_.number("network.peer.port", peer_.port);
    const int status = status_of(call_);
    if (status != kNoStatus) to_.text("rpc.response.status_code", status_name(status));
    if (is_rpc_error(call_, peer_.is_client)) to_.text("error.type", error_type(call_));
  }

 private:
  // A server is asked by strangers, too, for what it never had: no name of its own for each.
  void method() {
    const std::string_view name = rpc_span_name(call_);
    const bool is_unknown = peer_.is_client && status_of(call_) == kUnimplemented;
    to_.replace_text("rpc.method", is_unknown ? "_OTHER" : name);
    if (is_unknown) to_.text("rpc.method_original", name);
  }
  // A client names it; of a server it is its own address, whatever strangers call it.
  void server() {
    const HostPort named = split_host_port(call_.authority);
    if (peer_.is_client) {
      to_.text("server.address", peer_.local_address);
      to_.number("server.port", peer_.local_port);
    } else if (named.host.empty()) {
      to_.text("server.address", peer_.address);
      to_.number("server.port", peer_.port);
    } else {
      to_.text("server.address", named.host);
      to_.number("server.port", named.port != 0 ? named.port : peer_.port);
    }
  }

  const WebCall& call_;
  const StreamPeer& peer_;
  AttributeWriter to_;
};

}  // namespace

std::string_view rpc_span_name(const WebCall& call) {
  std::string_view name = call.path;
  if (name.starts_with('/')) name.remove_prefix(1);
  return name;
}

// Source: semantic-conventions, grpc.md, "gRPC Status".
bool is_rpc_error(const WebCall& call, bool is_server) {
  constexpr int kServers[] = {kNoStatus, 2, 4, kUnimplemented, 13, 14, 15};
  const int status = status_of(call);
  if (!is_server) return status != 0;
  return std::find(std::begin(kServers), std::end(kServers), status) != std::end(kServers);
}

void add_rpc_attributes(const WebCall& call, const StreamPeer& peer,
                        const SemanticConventions& conventions, Attributes& attributes,
                        Arena& arena) {
  attributes.reserve(arena, kAttributesUsual);
  Writer writer(call, peer, attributes, arena);
  if (conventions.old_rpc) writer.old_conventions();
  if (conventions.stable_rpc) writer.stable_conventions();
}

}  // namespace kolben::agent
