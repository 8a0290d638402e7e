// What Connections keeps: of a file number, of a request that was begun, of a connection in another
// protocol; and the bounds of that. Plain data, usable when all bytes are zero.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/own_baggage.h"
#include "agent/preload/request_writer.h"
#include "agent/preload/stack_frame.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/protocols/http1.h"
#include "agent/protocols/skimmer.h"
#include "agent/protocols/trace_headers.h"
#include "agent/ring/open_table.h"

namespace kolben::agent {

inline constexpr int kFilesMax = 65536;
inline constexpr std::uint32_t kSessionsMax = 4096;
// Numbers from here on are no files, but the plaintext of TLS sessions. Linux has fewer files.
inline constexpr int kPlaintextBase = 1 << 30;
inline constexpr std::uint32_t kExchangesMax = 8192;
inline constexpr std::uint32_t kPipelinedMax = 16;
inline constexpr std::uint32_t kStreamsMax = 4096;
inline constexpr std::uint32_t kWritersMax = 1024;  // clients' connections of HTTP/2
inline constexpr std::uint32_t kRouteBytesMax = 256;
inline constexpr std::uint32_t kAttributesBytesMax = 1024;
// A trace's identifier, where a record tells of one that is only linked.
inline constexpr std::uint16_t kLinkedBytes = sizeof(Context::trace_id);
// What is written into a request at most: the trace's headers (kTraceHeadersBytesMax), and what
// goes on with them. Of what came in there is less than kHeadBytesMax, of which the first line,
// `Host`, `User-Agent`, `Forwarded` and `X-Forwarded-For` have their part; of the application's own
// baggage there may be twice kOwnBaggageBytesMax. What finds no room is left out, and counted.
inline constexpr std::uint32_t kInjectedBytesMax = 2048;
// Into one of HTTP/2: several are written at a time, and joined on the program's stack.
inline constexpr std::uint32_t kInjectedHttp2BytesMax = 1024;
static_assert(kInjectedHttp2BytesMax > kTraceHeadersBytesMax);
// Of `tracestate`, where it is not to take the room of `baggage`: W3C Trace Context, 3.3.1.5.
inline constexpr std::uint32_t kTracestateBytesMax = 512;
// A vector with more pieces is not rewritten.
inline constexpr int kInjectPiecesMax = 16;
// Of HTTP/2: gRPC's first write has a piece for each text.
inline constexpr int kRequestPiecesMax = 64;

// How what is asked hangs together with the request on whose behalf it may be asked, or with the
// span of the API that the thread has open.
enum class Tie : std::uint8_t { kNone, kParent, kLink };

// Who opened a connection.
struct Opener {
  ExchangeReference request;
  Context context;
  bool is_guess = false;
  bool is_unused = false;  // nothing was asked on the connection yet
};

// How many ask on a connection at a time: one, several of whom each writes its own, or several of
// whom one may write what another one asked.
enum class Sharing : std::uint8_t { kAlone, kShared, kMultiplexed };

// On whose behalf a thread asks another server; nulls: nobody is known.
struct Asker {
  const ExchangeReference* request = nullptr;
  const Context* context = nullptr;
  bool is_guess = false;
};

// What is known of a request, nothing of it before its begin; side by side, so that it begins with
// a few stores.
struct ExchangeProgress {
  OpenExchange* next = nullptr;  // the next request on the connection (pipelining)
  OpenEntry* entry = nullptr;    // where the agent process sees it; null: nowhere
  std::uint64_t last_time = 0;   // of a response that lasts until the connection ends
  // Of a client exchange: the request that it serves, where that is certain.
  ExchangeReference owner;
  Context self;
  std::uint8_t parent_span_id[8] = {};
  std::uint32_t route_size = 0;
  std::uint32_t attributes_size = 0;
  // Of `injected`, what is to be sent before the program's next byte.
  std::uint16_t injected_from = 0;
  std::uint16_t injected_to = 0;
  bool has_injected = false;
  // Of a client: is being written, no byte of it was fed; see answered_before().
  bool is_expected = false;
  bool response_begun = false;
  bool head_seen = false;
  bool recorded = false;  // answered before the request's body was complete
  // Its request was read, or asked, by the process that has forked this one.
  bool is_taken_over = false;
  bool is_body_elsewhere = false;  // the request's: another process has read it
  bool is_shown_whole = false;     // its head, in `entry`
  bool parent_is_remote = false;
  bool is_counted = false;  // among those that are served
  bool is_taken = false;    // by a runtime's shim, see take_request()
  std::uint8_t told = 0;    // by one, see ToldRequest; 0: its bytes were seen
  bool is_excluded = false;
  bool is_linked = false;    // in its record
  bool has_baggage = false;  // that the application has set
  Tie tie = Tie::kNone;      // what its span hangs together with
};

// What the application says of a request that is served.
struct ApplicationWords {
  char route[kRouteBytesMax];
  std::uint8_t attributes[kAttributesBytesMax];
  OwnBaggage baggage;  // where it has some
};

// A request that was begun and not recorded yet.
struct OpenExchange : ExchangeProgress {
  std::atomic<std::uint32_t> next_free;
  std::atomic<std::uint32_t> file;  // + 1; 0: not in use
  std::atomic<std::uint64_t> id;    // 0: recorded; what ExchangeReference compares
  std::uint64_t turn;               // how often the place was used: the next id
  std::uint32_t generation;         // of forks: whose exchange this is
  std::atomic<bool> is_client;
  std::uint64_t start_time;
  http1::Message request;
  http1::Message response;
  Context owner_context;
  Context relative;
  std::uint16_t injected_size;
  union {
    char injected[kInjectedBytesMax];  // into one that is asked
    ApplicationWords said;             // of one that is served
  };
  std::uint8_t request_head[kHeadBytesMax];
  std::uint8_t response_head[kResponseHeadBytesMax];  // where headers of it are captured
  // Of one that a shim tells of, at its end, and from its begin on.
  std::uint16_t told_status;
  std::uint8_t told_version;
  SocketNames names;
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
  // Copies: another thread may make a new connection of the file number meanwhile.
  SocketNames names;
  Opener opener;  // for who writes requests
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
  kAlias,  // another number of the connection that `alias` has, see aliases.cc
};

// Who is at a file number, and what that is.
struct SocketAccess {
  std::atomic<Holder> holder;  // see SocketLock
  std::atomic<Role> role;
  // Some of its bytes, or what was done to it, were not looked at.
  std::atomic<bool> missed;
};

// What is known of the connection, and goes with it to another number of it (aliases.cc).
struct SocketState {
  bool named;
  // A server's first words, too few to be sure what it speaks.
  std::uint8_t words[kFirstWordsMax];
  std::uint8_t words_size;
  bool is_encrypted;        // what is looked at is what TLS hides
  bool is_connected;        // by the program: it is the client
  bool is_asked_elsewhere;  // answers came to what another process has asked
  std::uint32_t forks;      // how many there had been when it began
  std::uint32_t pipelined;
  OpenExchange* first;  // the response is expected for this one
  OpenExchange* last;   // the request is read for this one
  Opener opener;
  SocketNames names;
};

// Of a file number; zero bytes are "nothing".
struct Socket : SocketAccess, SocketState {
  // Of kStream and what is like it; of kIgnored: one that goes on in TLS.
  std::atomic<OpenStream*> stream;
  // The number of what is within the TLS of a file; 0: none is known.
  std::atomic<int> plaintext;
  std::atomic<std::uint32_t> serial;   // of what the number was
  std::atomic<std::uint32_t> aliases;  // how many numbers stand for it
  std::atomic<int> alias;              // of kAlias
  std::atomic<std::uint32_t> alias_serial;
};

enum class Side : std::uint8_t { kUnknown, kServer, kClient };

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

}  // namespace kolben::agent
