// Connections: from what the program's calls read and write on its sockets to one record for each
// HTTP/1.x request and its response, on the server's side and on the client's.
//
// Guarantees: no allocation but maps of memory at the first socket and the first stream; no
// waiting but for a thread that is at the same socket (short_wait.h; then it is left alone, its
// exchange given up); the program's bytes are only looked at. All methods may be called from any
// thread, with a ThreadGuard held; in a signal handler too.
//
// A client's connection in one of the other protocols (agent/protocols/protocol.h), and a server's
// of HTTP/2, is told to the agent process piece by piece (streams.cc), which finds the requests in
// it. One thread may be at what it says while another is at what it is told.
//
// What goes through TLS is looked at in the clear (encrypted.cc): it comes from the hooks of TLS
// libraries (sessions.h) under a number of its own, as if that were a file.
//
// Bounds: kFilesMax file numbers, kSessionsMax TLS sessions, kExchangesMax requests at a time,
// kPipelinedMax of them on a connection, kStreamsMax connections in other protocols. What is beyond
// is not traced, and counted in the ring.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/connection_state.h"
#include "agent/preload/map_once.h"
#include "agent/preload/pieces.h"
#include "agent/preload/pool.h"
#include "agent/preload/process_context.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/preload/told_request.h"
#include "agent/protocols/captured_headers.h"
#include "agent/protocols/http1.h"
#include "agent/protocols/sampler.h"
#include "agent/ring/open_table.h"
#include "agent/ring/refusals.h"
#include "agent/ring/ring.h"
#include "kolben/abi.h"

namespace kolben::agent {

struct CarriedHeader;

class Connections {
 public:
  // `formats`: of trace context, read from incoming and written into outgoing requests.
  void init(const System& system, RingHeader* ring, const Sampler& sampler, std::uint8_t formats) {
    system_ = &system;
    ring_ = ring;
    sampler_ = &sampler;
    entries_.init(open_table(ring), pid_);
    refusals_ = refusal_table(ring);
    formats_ = formats;
  }
  // Requests whose URL matches are served without spans, and so is what is done for them. Outlives
  // the connections.
  void exclude(const TextPatterns& patterns) { excluded_ = patterns.empty() ? nullptr : &patterns; }
  // Headers that are kept besides; outlives the connections.
  void capture(const CapturedHeaders& headers) { captured_ = headers.empty() ? nullptr : &headers; }
  // What is below no request is below this; null: nothing.
  void set_process(ProcessContext* process) { process_ = process; }
  // Null: there is none, or nothing is below it yet.
  const Context* known_process() const { return process_ == nullptr ? nullptr : process_->known(); }
  // For something that begins below it; null: nothing is known of it.
  const Context* process_context(ThreadState& thread) const {
    return process_ == nullptr ? nullptr : process_->use(thread);
  }
  // Takes the memory for what is to come, while it can be had.
  void reserve();
  // The largest of it; null: none was needed yet.
  void* memory() const { return memory_; }
  // It is about to go: what is open is told, and no connection is followed from here on. No other
  // thread is there.
  void lose_memory(ThreadState& thread);
  // In the parent of one: the child may answer what is open.
  void has_forked() {
    last_fork_.store(system_->now(), std::memory_order_relaxed);
    forks_.fetch_add(1, std::memory_order_relaxed);
  }
  // In the child of a fork: what is open belongs to the parent.
  void forked(std::uint32_t generation, std::uint32_t pid) {
    generation_ = generation;
    pid_ = pid;
    forks_at_begin_ = forks_.fetch_add(1, std::memory_order_relaxed) + 1;
    served_.store(0, std::memory_order_relaxed);
    open_spans_.store(0, std::memory_order_relaxed);
    loops_.store(0, std::memory_order_relaxed);
    served_streams_.store(0, std::memory_order_relaxed);
    entries_.forked(pid);
  }
  // There: what other threads were at stays as it was, and is not followed.
  void lose_held();
  // There, of the only thread that is left.
  void keeps(ThreadState& thread) {
    thread.open_spans = 0;
    loops_.store(thread.loop.is_one ? 1 : 0, std::memory_order_relaxed);
  }
  // The program handles each event to its end before the next one; see attribution.cc.
  void works_event_by_event() { works_event_by_event_ = true; }

  void accepted(ThreadState& thread, int file, const sockaddr* peer, socklen_t peer_size);
  void connected(ThreadState& thread, int file, const sockaddr* peer, socklen_t peer_size);
  [[gnu::hot]] void received(ThreadState& thread, int file, const iovec* pieces, int count,
                             std::size_t bytes);
  [[gnu::hot]] void sent(ThreadState& thread, int file, const iovec* pieces, int count,
                         std::size_t bytes);
  // Bytes that only the kernel saw: sendfile, splice.
  [[gnu::hot]] void sent_unseen(ThreadState& thread, int file, std::size_t bytes);
  void received_unseen(ThreadState& thread, int file, std::size_t bytes);
  // `to` is another number of what `from` is.
  void duplicated(ThreadState& thread, int from, int to);
  // Bytes of the peer that the program threw away unread.
  void skipped(int file);
  // The peer will send nothing more.
  [[gnu::noinline]] void received_end(ThreadState& thread, int file);
  // The program asks how the connection went, or is told that it failed.
  void asks_how_it_went(ThreadState& thread, int file);
  void shut_down(ThreadState& thread, int file);
  void closed(ThreadState& thread, int file);
  void closed_range(ThreadState& thread, unsigned first, unsigned last);
  // Our code in this thread was left by a jump, from `frame` on down its stack: the connections
  // that it was at are followed no more, and what it wrote into the ring is skipped.
  void give_back(ThreadState& thread, std::uintptr_t frame);
  // Records what is open; the process ends.
  void process_ends(ThreadState& thread);
  // Nothing will be told from here on: what is open is told by nobody, and counted. Without a call
  // into the kernel, and without a clock. What has begun of ours on a connection stays known.
  void withdraw(const ThreadState& thread);
  // After that: the number is about to be somebody else's.
  void forget(int file) {
    Socket* socket = find(file);
    if (socket != nullptr) socket->role.store(Role::kUnknown, std::memory_order_relaxed);
  }
  void forget_range(unsigned first, unsigned last) {
    const auto highest = static_cast<unsigned>(highest_.load(std::memory_order_relaxed));
    for (unsigned file = first; file <= last && file <= highest; ++file) {
      forget(static_cast<int>(file));
    }
  }
  // The thread waits for events: what it does next may be for any request.
  [[gnu::hot]] void waits_for_events(ThreadState& thread);
  // So many came. The wait would have ended after `timeout` nanoseconds; less than zero: never.
  [[gnu::hot]] void events_came(ThreadState& thread, int events, std::int64_t timeout);

  // A number of kPlaintextBase and above becomes the plaintext of a TLS session. False: it can not.
  bool begin_plaintext(ThreadState& thread, int plaintext, Side side);
  // It turned out within which file: what is known of that one is known of it.
  void attach_plaintext(ThreadState& thread, int plaintext, int file);
  // It ends, but its file may not, and the number may be another session's soon. -1: no file.
  void end_plaintext(ThreadState& thread, int plaintext, int file);
  // False: nothing was seen of it, or it was closed; of a plaintext: its file was.
  bool knows(int file) const {
    const Socket* socket = find(file);
    return socket != nullptr && socket->role.load(std::memory_order_relaxed) != Role::kUnknown;
  }

  // Whether it is a connection that is followed.
  bool follows(int file) const {
    const Socket* socket = find(file);
    if (socket == nullptr) return false;
    const Role role = socket->role.load(std::memory_order_relaxed);
    return role != Role::kUnknown && role != Role::kIgnored;
  }

  // Whether a request of ours could be written into this file.
  bool may_inject(int file) const {
    const Socket* socket = find(file);
    if (socket == nullptr) return false;
    const Role role = socket->role.load(std::memory_order_relaxed);
    return role == Role::kClient || role >= Role::kHttp2;  // the original's, of an alias
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
  // After withdraw(): the pieces to write instead of these, where something of ours has begun that
  // the write has to go on with; false: nothing has. rest_sent() comes after it with what the
  // program is told, and after each write during which withdraw() may have been called.
  bool prepare_rest(ThreadState& thread, int file, const iovec* pieces, int count,
                    std::size_t bytes, Injection* injection);
  void rest_sent(const ThreadState& thread, int file, const iovec* pieces, int count,
                 ssize_t result);

  void set_route(ThreadState& thread, const char* route, std::size_t size);
  bool add_attribute(ThreadState& thread, const kolben_attribute& attribute);
  // Packed (kolben/abi.h): all of them or none.
  void add_packed(ThreadState& thread, const void* attributes, std::size_t size);

  // The request that the thread serves as a number of less than 53 bits, 0: none, or
  // kSeveralRequests; and the other way
  // round: the thread works for that request from now on, for none if it has ended.
  // kSeveralRequests: for one that nobody knows, of several that a greenlet has read.
  static constexpr std::uint64_t kSeveralRequests = std::uint64_t{1} << 53;
  std::uint64_t request(const ThreadState& thread);
  void work_for(ThreadState& thread, std::uint64_t request);
  // The same where the shim is not certain: for none while other requests are served too.
  void work_for_alone(ThreadState& thread, std::uint64_t request);
  // The same for what it prints: a request that has just ended is still spoken of.
  void speak_for(ThreadState& thread, std::uint64_t request);
  // As request(), each request once: of several that came in one read the first that was not taken.
  std::uint64_t take_request(const ThreadState& thread);

  // told_exchanges.cc. 0: not traced. A client's request is on behalf of the one that the thread
  // works for.
  std::uint64_t begin_told(ThreadState& thread, const ToldRequest& request);
  // The lines to add to the head of a client's request, at most kInjectedBytesMax; their size.
  std::size_t told_headers(std::uint64_t request, char* lines);
  // Both ends' addresses are the file's.
  void name_told(std::uint64_t request, int file);
  // `status` 0: there was no response; below 0: nor a request. `is_whole`: nothing of it is
  // missing.
  void end_told(ThreadState& thread, std::uint64_t request, int status, bool is_whole);

  // Whether the thread serves a request now, as far as one can guess.
  static bool serves(const ThreadState& thread) { return alive(thread.request); }
  // Whether no request is served but the thread's own, so that what it does is on nobody else's
  // behalf.
  bool serves_no_other(const ThreadState& thread) const {
    return serves_alone(thread, serves(thread));
  }
  // That request's context, where it is certain; else null.
  const Context* served_for_certain(const ThreadState& thread) const;

  // What goes on of a header to a program that the thread starts, as far as there is room; its
  // size.
  std::size_t list_for_child(const ThreadState& thread, const CarriedHeader& header, char* value,
                             std::size_t room) const;
  // Baggage of the request that the thread serves; false: it serves none, or there is no room.
  bool set_baggage(ThreadState& thread, ListText key, ListText value);
  // The value, still encoded, of the context that the thread works in; false: there is none.
  bool find_baggage(const ThreadState& thread, ListText key, ListText* value) const;

  // A span of the API begins, or ends, in this process (see ThreadState::open_spans).
  void span_begins() { open_spans_.fetch_add(1, std::memory_order_relaxed); }
  void span_ends() { open_spans_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  // A request as a number: the exchange's place below, its turn above.
  static constexpr unsigned kPlaceBits = 13;
  static constexpr unsigned kTurnBits = 40;
  static constexpr std::uint64_t kTurnMask = (std::uint64_t{1} << kTurnBits) - 1;
  static_assert(kExchangesMax <= 1U << kPlaceBits);
  static_assert(kPlaceBits + kTurnBits == 53, "JavaScript's numbers are exact so far");

  // Null: nothing interesting has been seen in this process, or the number is beyond the bound.
  Socket* find(int file) const {
    if (file < 0 || file >= kFilesMax) [[unlikely]]
      return find_plaintext(file);
    Socket* sockets = sockets_.load(std::memory_order_acquire);
    return sockets == nullptr ? nullptr : sockets + file;
  }
  Socket* find_or_map(int file);
  [[gnu::noinline]] Socket* find_plaintext(int file) const;
  bool map_plaintexts();
  bool is_plaintext(const Socket& socket) const;
  [[gnu::noinline]] static void note_session_file(ThreadState& thread, int file,
                                                  const iovec* pieces, int count,
                                                  std::size_t bytes);
  [[gnu::noinline]] static void note_ciphertext(ThreadState& thread, int file, const Socket& socket,
                                                const iovec* pieces, int count, std::size_t bytes);
  void plaintexts_end(ThreadState& thread);
  [[gnu::noinline]] bool begin_stream(Socket& socket, Direction direction, const iovec* pieces,
                                      int count, std::size_t bytes);
  bool open_stream(Socket& socket, Protocol protocol, Role role);
  bool goes_on_with_words(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                          std::size_t bytes);
  static bool keep_words(Socket& socket, const iovec* pieces, int count, std::size_t bytes);
  [[gnu::noinline]] void received_in_role(ThreadState& thread, int file, Socket& socket, Role role,
                                          const iovec* pieces, int count, std::size_t bytes);
  [[gnu::noinline]] void sent_in_role(ThreadState& thread, int file, Socket& socket, Role role,
                                      const iovec* pieces, int count, std::size_t bytes);
  [[gnu::noinline]] void begin_other_protocol(ThreadState& thread, int file, Socket& socket,
                                              bool is_first, const iovec* pieces, int count,
                                              std::size_t bytes);
  [[gnu::noinline]] void first_words(ThreadState& thread, Socket& socket, const iovec* pieces,
                                     int count, std::size_t bytes);
  [[gnu::noinline]] void first_words_of_server(ThreadState& thread, Socket& socket,
                                               Direction direction, const iovec* pieces, int count,
                                               std::size_t bytes);
  void end_stream(ThreadState& thread, OpenStream& stream, EndReason end_reason);
  void finish_stream(ThreadState& thread, OpenStream& stream);
  void tell_end(const ThreadState& thread, const OpenStream& stream, EndReason end_reason,
                std::uint64_t time);
  void gives_up_stream(const ThreadState& thread, const Socket& socket);
  [[gnu::noinline]] void tell_stream(ThreadState& thread, Socket& socket, Direction direction,
                                     const iovec* pieces, int count, std::size_t bytes,
                                     const WrittenRequests* written = nullptr);
  [[gnu::noinline]] void tell_unseen(ThreadState& thread, Socket& socket, std::size_t bytes);
  bool tell_records(ThreadState& thread, OpenStream& stream, Direction direction,
                    PieceCursor cursor, const WrittenRequests* written);
  bool tell_record(ThreadState& thread, OpenStream& stream, StreamPiece* fixed,
                   const StreamRequest* requests, PieceCursor* cursor);
  void tell_gap(ThreadState& thread, OpenStream& stream, Direction direction, std::uint32_t bytes);
  static void heed_settings(const OpenStream& stream, const PieceCursor& cursor);
  void give_up_stream(ThreadState& thread, Socket& socket, OpenStream& stream);
  static RequestWriter* writer_of(const Socket& socket);
  RequestWriter* new_writer();
  void release(RequestWriter& writer);
  void orphan(RequestWriter& writer);
  void release_orphan(ThreadState& thread);
  bool prepare_requests(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                        std::size_t bytes, Injection* injection);
  void look_ahead(ThreadState& thread, const OpenStream& stream, RequestWriter& writer,
                  const iovec* pieces, int count, std::size_t bytes);
  void write_into(ThreadState& thread, const OpenStream& stream, RequestWriter& writer,
                  const http2::RequestBlock& block, std::uint8_t last_byte);
  bool finish_requests(Socket& socket, int file);
  [[gnu::noinline]] void sent_requests(ThreadState& thread, Socket& socket, const iovec* pieces,
                                       int count, std::size_t bytes);
  std::size_t request_headers(const ThreadState& thread, const Asker& asker,
                              const StreamPiece& piece, const Traceparent& context,
                              std::uint8_t fields, char* lines) const;
  void asked(ThreadState& thread, OpenStream& stream, const WrittenRequests* written,
             StreamPiece* fixed);
  // Whether a trace that begins is recorded: decided here, because it is written into a request, or
  // by the agent process, which knows whether one begins.
  enum class Decided : bool { kHere, kLater };
  void locate(ThreadState& thread, const Asker& asker, Tie tie, Decided root, StreamPiece* fixed);
  void locate_root(ThreadState& thread, Decided root, StreamPiece* fixed);
  static void note_asker(const Asker& asker, Tie tie, OpenStream& stream);
  void answered(ThreadState& thread, OpenStream& stream);

  void becomes_loop(ThreadState& thread);
  [[gnu::hot]] void reads(ThreadState& thread, OpenExchange* exchange);
  void reads_ahead(ThreadState& thread) const;
  [[gnu::noinline]] static void reads_next(ThreadState& thread, const Socket& socket,
                                           const OpenExchange* ended);
  void writes(ThreadState& thread, OpenExchange* exchange);
  void goes_on(ThreadState& thread, const ExchangeReference& request, const Context& context) const;
  static void goes_elsewhere(ThreadState& thread);
  static void forget(ThreadState& thread);
  static bool is_guess(const ThreadState& thread, std::uint64_t now);
  Opener opener_of(const ThreadState& thread) const;
  Asker asker_of(const ThreadState& thread, const Opener& opener, std::uint64_t now) const;
  Tie tie_of(const ThreadState& thread, const Asker& asker, Sharing sharing) const;
  static Sharing sharing_of(const OpenStream& stream);
  bool serves_alone(const ThreadState& thread, bool has_request) const;
  void count_served(OpenExchange* exchange) {
    exchange->is_counted = true;
    served_.fetch_add(1, std::memory_order_relaxed);
  }
  void uncount_served(OpenExchange* exchange) {
    if (!exchange->is_counted) return;
    exchange->is_counted = false;
    // After a fork the parent counts its own.
    if (exchange->generation == generation_) served_.fetch_sub(1, std::memory_order_relaxed);
  }
  bool map_memory();
  [[gnu::hot]] OpenExchange* begin(ThreadState& thread, Socket& socket, int file, bool is_client);
  void relate(const ThreadState& thread, Socket& socket, OpenExchange* exchange) const;
  void client_ends(ThreadState& thread, const Socket& socket) const;
  [[gnu::hot]] void end(Socket& socket, OpenExchange* exchange);
  // Bytes went past us while requests were open: another thread was at the connection, or a signal
  // handler.
  static bool has_gap(const Socket& socket) {
    return socket.missed.load(std::memory_order_relaxed) && socket.first != nullptr;
  }
  [[gnu::cold]] void drop_open(Socket& socket);
  [[gnu::cold]] void end_open(Socket& socket);
  [[gnu::cold]] void give_up(Socket& socket);
  int original_of(const Socket& alias) const;
  int number_for(int file) const;
  void answers_on_output(Socket& input);
  static void stands_for(Socket& alias, Socket& original, int file);
  void alias_ends(Socket& alias);
  bool move_to_alias(ThreadState& thread, Socket& socket, int file);
  // shared_connections.cc
  bool is_shared(const Socket& socket) const {
    return socket.forks != forks_.load(std::memory_order_relaxed);
  }
  bool is_inherited(const Socket& socket) const { return socket.forks < forks_at_begin_; }
  struct ReadElsewhere {
    OpenEntry* entry;
    OpenEntryCopy shown;
  };
  static bool is_taken_away(const OpenExchange& exchange);
  bool settle(ThreadState& thread, Socket& socket);
  void tell_unanswered(ThreadState& thread, Socket& socket);
  OpenExchange* takes_over_inherited(ThreadState& thread, Socket& socket);
  bool is_answer_of_another(Socket& socket, const iovec* pieces, int count,
                            std::size_t bytes) const;
  bool find_shown(const SocketNames& names, ReadElsewhere* read) const;
  static bool begins_as_shown(const SocketNames& names, const OpenEntryCopy& shown,
                              OpenExchange* exchange);
  bool takes_over_shown(ThreadState& thread, Socket& socket, int file, const iovec* pieces,
                        int count, std::size_t bytes);
  EndReason end_of_open(const Socket& socket, const OpenExchange& exchange,
                        EndReason end_reason) const;
  void not_answered_here(Socket& socket, OpenExchange* exchange);
  void loses_head(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  void more_than_answered(Socket& socket);
  void lose(Socket& socket);
  template <typename Use>
  void for_each_held(std::uintptr_t frame, Use use);
  void reset(ThreadState& thread, Socket& socket, EndReason end_reason);
  [[gnu::noinline]] void choose_by_strategy(OpenExchange* exchange) const;
  [[gnu::noinline]] bool is_url_excluded(const OpenExchange& exchange) const;
  [[gnu::noinline]] void begin_captured_response(OpenExchange* exchange) const;
  [[gnu::hot]] void record(ThreadState& thread, Socket& socket, OpenExchange* exchange,
                           std::uint64_t end_time, EndReason end_reason);
  // False: these are no requests, or none that are understood.
  [[gnu::hot]] bool feed_requests(ThreadState& thread, Socket& socket, int file,
                                  const iovec* pieces, int count, std::size_t bytes);
  [[gnu::hot]] bool feed_request(ThreadState& thread, Socket& socket, int file,
                                 const std::uint8_t* bytes, std::size_t size);
  [[gnu::hot]] void feed_response(ThreadState& thread, Socket& socket, const std::uint8_t* bytes,
                                  std::size_t size);
  [[gnu::hot]] void response_advanced(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  bool answers_early(ThreadState& thread, Socket& socket, OpenExchange* exchange,
                     const std::uint8_t* bytes, std::size_t size);
  bool answered_before(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  [[gnu::hot]] void show(ThreadState& thread, Socket& socket, OpenExchange* exchange);
  [[gnu::hot]] void hide(OpenExchange* exchange) const;
  bool stands_whole(const Socket& socket, const OpenExchange& exchange) const;
  [[gnu::hot]] Exchange* begin_record(const Socket& socket, const OpenExchange& exchange,
                                      RecordWriter& writer) const;
  static void fill(const Socket& socket, const OpenExchange& exchange, Exchange* to);
  static void fill_response(const OpenExchange& exchange, Exchange* to);
  [[gnu::hot]] void request_head_complete(ThreadState& thread, Socket& socket,
                                          OpenExchange* exchange);
  bool replaces_header(ThreadState& thread, const Socket& socket, const http1::Message& request,
                       const iovec* pieces, int count, std::size_t head,
                       Injection* injection) const;
  void write_headers(const ThreadState& thread, OpenExchange* exchange,
                     const http1::Message& request) const;
  // carried_headers.cc
  // On whose behalf, and in which place of a trace, something is asked.
  struct CallPlace {
    const OpenExchange* asker;  // null: nobody's
    const std::uint8_t* trace_id;
    const std::uint8_t* parent_span_id;
  };
  static constexpr std::uint8_t kNoSpan[sizeof(Context::span_id)] = {};
  std::size_t carry(const ThreadState& thread, const CarriedHeader& header, const CallPlace& place,
                    char* to, std::size_t room) const;
  const char* inherited_below(const std::uint8_t* trace_id, const CarriedHeader& header) const;
  [[gnu::hot]] void inherit_trace(ThreadState& thread, OpenExchange* exchange);
  bool inherit_process(ThreadState& thread, OpenExchange* exchange);
  [[gnu::noinline]] void name_socket(Socket& socket, int file);
  static bool alive(const ExchangeReference& reference) {
    return reference.exchange != nullptr &&
           reference.exchange->id.load(std::memory_order_relaxed) == reference.id;
  }
  static ExchangeReference reference_to(OpenExchange* exchange) {
    return {exchange, exchange->id.load(std::memory_order_relaxed)};
  }
  static void serve(ThreadState& thread, OpenExchange* exchange, bool is_guess) {
    thread.request = reference_to(exchange);
    thread.request_context = exchange->self;
    thread.request_is_guess = is_guess;
  }
  std::uint64_t number_of(const OpenExchange* exchange, std::uint64_t id) {
    return (id & kTurnMask) << kPlaceBits | exchanges_.index_of(exchange);
  }
  // Null: it has ended.
  OpenExchange* exchange_of(std::uint64_t number, std::uint64_t* id);
  OpenExchange* told_of(std::uint64_t number);
  void end_served_stream(ThreadState& thread, int file);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const Sampler* sampler_ = nullptr;
  const TextPatterns* excluded_ = nullptr;     // null: none
  const CapturedHeaders* captured_ = nullptr;  // null: none
  ProcessContext* process_ = nullptr;
  std::uint8_t formats_ = 0;
  std::uint32_t generation_ = 1;
  std::uint32_t pid_ = 0;
  std::atomic<int> highest_{0};
  MapOnce map_memory_;
  std::atomic<Socket*> sockets_{nullptr};
  void* memory_ = nullptr;  // of exchanges and sockets
  MapOnce map_plaintexts_;
  std::atomic<Socket*> plaintexts_{nullptr};
  bool works_event_by_event_ = false;
  std::atomic<std::uint64_t> last_fork_{0};  // when
  std::atomic<std::uint32_t> forks_{0};      // of this process, and of those that it comes from
  std::uint32_t forks_at_begin_ = 0;
  Pool<OpenExchange> exchanges_;
  std::atomic<std::uint32_t> served_{0};  // requests; beside the pool, whose line moves anyway
  std::atomic<std::uint32_t> loops_{0};   // threads that are event loops
  Pool<OpenStream> streams_;
  Pool<RequestWriter> writers_;
  std::atomic<std::uint32_t> stream_count_{0};
  std::atomic<std::uint32_t> open_spans_{0};  // of the API
  std::atomic<std::uint32_t> served_streams_{0};
  OpenEntries entries_;
  RefusalTable* refusals_ = nullptr;
};

}  // namespace kolben::agent
