// Connections: from what the program's calls read and write on its sockets to one record for each
// HTTP/1.x request and its response, on the server's side and on the client's.
//
// Guarantees: no allocation but two maps of memory at the first socket; no waiting (a socket that
// another thread is at is left alone after a short spin, its exchange is given up); the program's
// bytes are only looked at. All methods may be called from any thread, with a ThreadGuard held; in
// a signal handler too.
//
// A client's connection in one of the other protocols (agent/protocols/protocol.h), and a server's
// of HTTP/2, is told to the agent process piece by piece (streams.cc), which finds the requests in
// it. One thread may be at what it says while another is at what it is told.
//
// Bounds: kFilesMax file numbers, kExchangesMax requests at a time, kPipelinedMax of them on a
// connection, kStreamsMax connections in other protocols. What is beyond is not traced, and counted
// in the ring.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/pieces.h"
#include "agent/preload/pool.h"
#include "agent/preload/request_writer.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/protocols/http1.h"
#include "agent/protocols/sampler.h"
#include "agent/protocols/skimmer.h"
#include "agent/ring/open_table.h"
#include "agent/ring/ring.h"
#include "kolben/abi.h"

namespace kolben::agent {

inline constexpr int kFilesMax = 65536;
inline constexpr std::uint32_t kExchangesMax = 8192;
inline constexpr std::uint32_t kPipelinedMax = 16;
inline constexpr std::uint32_t kStreamsMax = 4096;
inline constexpr std::uint32_t kWritersMax = 1024;  // clients' connections of HTTP/2
inline constexpr std::uint32_t kRouteBytesMax = 256;
inline constexpr std::uint32_t kAttributesBytesMax = 1024;
// What is written into a request at most: the trace's headers, and of the request that is served
// its `tracestate` and `baggage`.
inline constexpr std::uint32_t kInjectedBytesMax = 1024;
static_assert(kInjectedBytesMax > kTraceHeadersBytesMax);
// A vector with more pieces is not rewritten.
inline constexpr int kInjectPiecesMax = 16;
// Of HTTP/2: gRPC's first write has a piece for each text.
inline constexpr int kRequestPiecesMax = 64;

// A request that was begun and not recorded yet.
struct OpenExchange {
  std::atomic<std::uint32_t> next_free;
  std::atomic<std::uint32_t> file;  // + 1; 0: not in use
  std::atomic<std::uint64_t> id;    // 0: recorded; what ExchangeReference compares
  std::uint64_t turn;               // how often the place was used: the next id
  OpenExchange* next;               // the next request on the connection (pipelining)
  std::uint32_t generation;         // of forks: whose exchange this is
  std::atomic<bool> is_client;
  bool response_begun;
  bool head_seen;
  bool recorded;  // answered before the request's body was complete
  bool parent_is_remote;
  std::uint16_t injected_from;  // of `injected`, what is to be sent before the program's next byte
  std::uint16_t injected_to;
  bool has_injected;
  OpenEntry* entry;  // where the agent process sees it; null: nowhere
  std::uint64_t start_time;
  std::uint64_t last_time;  // of a response that lasts until the connection ends
  Context self;
  std::uint8_t parent_span_id[8];
  ExchangeReference owner;  // of a client exchange: the request that it serves
  Context owner_context;
  Exchange fixed;  // of its record, from the time that the head was seen
  http1::Message request;
  http1::Message response;
  std::uint32_t route_size;
  std::uint32_t attributes_size;
  std::uint16_t injected_size;
  char injected[kInjectedBytesMax];
  std::uint8_t request_head[kHeadBytesMax];
  char route[kRouteBytesMax];
  std::uint8_t attributes[kAttributesBytesMax];
};

// A connection in another protocol, whose bytes are told to the agent process.
struct OpenStream {
  std::atomic<std::uint32_t> next_free;
  std::atomic<std::uint32_t> number;  // in this process
  std::atomic<std::uint32_t> users;   // see StreamHold (streams.cc)
  std::uint32_t generation;           // of forks: whose connection this is
  Protocol protocol;
  bool is_served;                      // the program is the server
  std::atomic<RequestWriter*> writer;  // null: nothing is written into its requests
  EndReason end_reason;
  std::uint64_t positions[2];  // by Direction
  // Several requests ask on it at a time: whose bytes a thread writes, and who is answered, nobody
  // knows.
  std::atomic<bool> is_shared;
  // The request on whose behalf was asked what is not answered; null: none.
  std::atomic<bool> asker_busy;
  bool is_asked;
  ExchangeReference asker;
  Context asker_context;
  Skimmer skimmer;
};

enum class Role : std::uint8_t {
  kUnknown,  // not seen before
  kServer,   // accepted, or a request was read from it
  kClient,   // connected
  // Not HTTP/1.x, in this order:
  kIgnored,  // and nothing that we know
  kStream,   // see OpenStream
  kServedStream,
  kHttp2,  // a client's, with a RequestWriter
};

// What is known of a file number; zero bytes are "nothing".
struct Socket {
  std::atomic<bool> busy;
  std::atomic<Role> role;
  // Some of its bytes, or what was done to it, were not looked at.
  std::atomic<bool> missed;
  bool named;
  std::uint32_t pipelined;
  OpenExchange* first;  // the response is expected for this one
  OpenExchange* last;   // the request is read for this one
  ExchangeReference owner;
  Context owner_context;
  std::atomic<OpenStream*> stream;  // of kStream and what is like it
  SocketNames names;
};

// A request's head with our header in it; see Connections::prepare_injection().
struct Injection {
  iovec pieces[kRequestPiecesMax + 2 * kRequestEditsMax];
  int count = 0;
  std::size_t position = 0;  // of our bytes, among the application's
  std::uint16_t from = 0;    // what of OpenExchange::injected is ours here
  std::uint16_t to = 0;
  std::size_t replaced = 0;  // how many of the application's bytes ours stand for
  // Of HTTP/2 none of these, but:
  RequestWriter* writer = nullptr;
  std::size_t bytes = 0;  // the application's
};

class Connections {
 public:
  // `formats`: of trace context, read from incoming and written into outgoing requests.
  void init(const System& system, RingHeader* ring, const Sampler& sampler, std::uint8_t formats) {
    system_ = &system;
    ring_ = ring;
    sampler_ = &sampler;
    entries_.init(open_table(ring), pid_);
    formats_ = formats;
  }
  // In the child of a fork: what is open belongs to the parent.
  void forked(std::uint32_t generation, std::uint32_t pid) {
    generation_ = generation;
    pid_ = pid;
    served_streams_.store(0, std::memory_order_relaxed);
    entries_.forked(pid);
  }

  void accepted(ThreadState& thread, int file, const sockaddr* peer, socklen_t peer_size);
  void connected(ThreadState& thread, int file, const sockaddr* peer, socklen_t peer_size);
  void received(ThreadState& thread, int file, const iovec* pieces, int count, std::size_t bytes);
  void sent(ThreadState& thread, int file, const iovec* pieces, int count, std::size_t bytes);
  // Bytes that only the kernel saw: sendfile.
  void sent_unseen(ThreadState& thread, int file, std::size_t bytes);
  // Bytes of the peer that the program threw away unread.
  void skipped(int file);
  // The peer will send nothing more.
  void received_end(ThreadState& thread, int file);
  void shut_down(ThreadState& thread, int file);
  void closed(ThreadState& thread, int file);
  void closed_range(ThreadState& thread, unsigned first, unsigned last);
  // Records what is open; the process ends.
  void process_ends(ThreadState& thread);
  // The thread waits for events: what it does next may be for any request.
  void waits_for_events(ThreadState& thread);

  // Whether a request of ours could be written into this file.
  bool may_inject(int file) const {
    const Socket* socket = find(file);
    if (socket == nullptr) return false;
    const Role role = socket->role.load(std::memory_order_relaxed);
    return role == Role::kClient || role == Role::kHttp2;
  }
  // Whether something of ours has begun that the next write has to go on with (HTTP/2).
  bool has_edits(int file) const;
  // A write that begins a request of ours to another server: true and the pieces to write instead.
  // Only where the whole head is in it, on a connection that is between requests.
  bool prepare_injection(ThreadState& thread, int file, const iovec* pieces, int count,
                         std::size_t bytes, Injection* injection);
  // How many of the application's bytes a write of `injection` wrote that returned `written`.
  std::size_t injected(int file, const Injection& injection, std::size_t written);
  // Sends what a partial write left of our header; false: it could not, errno says why.
  bool finish_injection(int file);
  // A write wrote nothing.
  void not_sent(ThreadState& thread, int file);

  void set_route(ThreadState& thread, const char* route, std::size_t size);
  bool add_attribute(ThreadState& thread, const kolben_attribute& attribute);

  // Whether the thread serves a request now.
  static bool serves(const ThreadState& thread);

  // The outermost span of the API that a thread has open begins, or ends.
  void span_begins() { open_spans_.fetch_add(1, std::memory_order_relaxed); }
  void span_ends() { open_spans_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  Socket* find(int file) const;
  Socket* find_or_map(int file);
  bool map_streams();
  bool begin_stream(Socket& socket, Direction direction, const iovec* pieces, int count,
                    std::size_t bytes);
  bool begin_stream(Socket& socket, Protocol protocol, Role role);
  void first_words(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                   std::size_t bytes);
  void first_words_of_server(ThreadState& thread, Socket& socket, Direction direction,
                             const iovec* pieces, int count, std::size_t bytes);
  void end_stream(ThreadState& thread, OpenStream& stream, EndReason end_reason);
  void finish_stream(ThreadState& thread, OpenStream& stream);
  void tell_stream(ThreadState& thread, Socket& socket, Direction direction, const iovec* pieces,
                   int count, std::size_t bytes, const WrittenRequests* written = nullptr);
  void tell_unseen(ThreadState& thread, Socket& socket, std::size_t bytes);
  bool tell_records(ThreadState& thread, const Socket& socket, OpenStream& stream,
                    Direction direction, PieceCursor cursor, const WrittenRequests* written);
  bool tell_record(ThreadState& thread, const Socket& socket, OpenStream& stream,
                   StreamPiece* fixed, const StreamRequest* requests, PieceCursor* cursor);
  static void heed_settings(const OpenStream& stream, const PieceCursor& cursor);
  void give_up_stream(ThreadState& thread, Socket& socket, OpenStream& stream);
  static RequestWriter* writer_of(const Socket& socket);
  RequestWriter* new_writer();
  bool prepare_requests(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                        std::size_t bytes, Injection* injection);
  void look_ahead(ThreadState& thread, const Socket& socket, RequestWriter& writer,
                  const iovec* pieces, int count, std::size_t bytes);
  void write_into(ThreadState& thread, const Socket& socket, RequestWriter& writer,
                  const http2::RequestBlock& block, std::uint8_t last_byte);
  std::size_t request_headers(const ThreadState& thread, const Socket& socket,
                              const StreamPiece& piece, const Traceparent& context,
                              std::uint8_t fields, char* lines) const;
  bool finish_requests(Socket& socket, int file);
  void sent_requests(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                     std::size_t bytes);
  void locate(ThreadState& thread, const Socket& socket, bool is_shared, StreamPiece* fixed);
  void locate_root(ThreadState& thread, StreamPiece* fixed);
  static void asked(const ThreadState& thread, const Socket& socket, OpenStream& stream);
  void answered(ThreadState& thread, OpenStream& stream);
  bool serves_alone(const ThreadState& thread, const OpenExchange* exchange);
  bool map_memory();
  OpenExchange* begin(ThreadState& thread, Socket& socket, int file, bool is_client);
  void end(Socket& socket, OpenExchange* exchange);
  void give_up(Socket& socket);
  void reset(ThreadState& thread, Socket& socket, EndReason end_reason);
  void record(ThreadState& thread, Socket& socket, OpenExchange* exchange, std::uint64_t end_time,
              EndReason end_reason);
  void feed_request(ThreadState& thread, Socket& socket, int file, const std::uint8_t* bytes,
                    std::size_t size);
  void feed_response(ThreadState& thread, Socket& socket, const std::uint8_t* bytes,
                     std::size_t size);
  void response_advanced(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  void show(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  void hide(OpenExchange* exchange) const;
  static void fill_fixed(const Socket& socket, OpenExchange* exchange);
  void request_head_complete(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  void write_headers(OpenExchange* exchange, const http1::Message& request) const;
  std::size_t carry(const OpenExchange& served, const char* name, char* to, std::size_t room) const;
  void inherit_trace(ThreadState& thread, OpenExchange* exchange);
  void name_socket(Socket& socket, int file);
  // The request on whose behalf the thread asks another server; null: none.
  static const ExchangeReference* owner_of(const ThreadState& thread, const Socket& socket);
  static bool alive(const ExchangeReference& reference) {
    return reference.exchange != nullptr &&
           reference.exchange->id.load(std::memory_order_relaxed) == reference.id;
  }
  static void serve(ThreadState& thread, OpenExchange* exchange);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const Sampler* sampler_ = nullptr;
  std::uint8_t formats_ = 0;
  std::uint32_t generation_ = 1;
  std::uint32_t pid_ = 0;
  std::atomic<int> highest_{0};
  std::atomic<bool> mapping_{false};
  std::atomic<Socket*> sockets_{nullptr};
  Pool<OpenExchange> exchanges_;
  std::atomic<int> streams_state_{0};  // 0: not mapped, 1: at it, 2: there, 3: refused
  Pool<OpenStream> streams_;
  Pool<RequestWriter> writers_;
  std::atomic<std::uint32_t> stream_count_{0};
  std::atomic<std::uint32_t> open_spans_{0};  // the outermost of each thread
  std::atomic<std::uint32_t> served_streams_{0};
  OpenEntries entries_;
};

}  // namespace kolben::agent
