// What the preloaded library tells the agent process: records in a ring in shared memory
// (agent/ring/ring.h). One record an event, written once, when the event is complete.
//
// Freestanding: this header is compiled into programs of strangers; no heap, no exceptions, nothing
// of the C++ library but constants and plain types.
//
// A record is a RecordHeader, then the fixed struct of its type, then its texts one after another
// in the order of their length fields, unaligned and without end zeros. Lists of attributes are
// encoded as in attribute_codec.h. The writer and the reader come from the same build (the ring's
// header carries what their layout comes to; a mismatch means: do not attach). All times are
// CLOCK_REALTIME nanoseconds; all ids are big-endian bytes as on the wire.
#pragma once

#include <cstdint>

namespace kolben::agent {

enum class RecordType : std::uint16_t {
  kProcessStart = 1,
  kProcessEnd = 2,  // a normal end; kill -9 leaves none
  kServerExchange = 3,
  kClientExchange = 4,
  kSpan = 5,
  kMeasurement = 6,
  kOutput = 7,        // bytes that the program wrote to fd 1 or 2, or to a named file
  kLog = 8,           // through the application API
  kExec = 9,          // the process is about to become another program
  kStreamPiece = 10,  // of a connection in another protocol than HTTP/1.x
  kStreamEnd = 11,
  kStatement = 12,  // executed by a library within the program (SQLite)
  kCommand = 13,    // the span of a program that does something and ends
  kExit = 14,       // with its exit code; last of a process
  kChildEnded = 15,
  kToldText = 16,  // as what a log record will be written
};

struct RecordHeader {
  std::uint32_t size = 0;  // of the whole record
  RecordType type{};
  std::uint16_t reserved = 0;
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;  // tells the threads of a process apart; not the kernel's number
};

struct Context {
  std::uint8_t trace_id[16] = {};
  std::uint8_t span_id[8] = {};
  std::uint8_t flags = 0;  // 1: sampled
  std::uint8_t padding[7] = {};
};

// In Context::flags of what is printed or logged: the command's own span, which may not come to be.
inline constexpr std::uint8_t kMayCome = 0x80;

// In Context::flags of a StreamPiece: whether a trace that begins here is recorded the agent
// process decides, once it knows that one does.
inline constexpr std::uint8_t kUndecided = 0x40;

struct ProcessStart {
  std::uint64_t time = 0;
  std::uint32_t parent_pid = 0;
  std::uint32_t executable_size = 0;  // text: path of the executable
  // In another namespace of process numbers than the agent process, where its numbers are others'.
  std::uint32_t is_elsewhere = 0;
  // What its environment said of whose telemetry it is; longer values are cut.
  std::uint16_t service_name_size = 0;
  std::uint16_t resource_attributes_size = 0;
  // texts: executable, service_name, resource_attributes
};

// Of OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
inline constexpr std::uint32_t kServiceNameBytesMax = 1024;
inline constexpr std::uint32_t kResourceAttributesBytesMax = 8 * 1024;

struct ProcessEnd {
  std::uint64_t time = 0;
};

struct Exit {
  std::uint64_t time = 0;
  std::uint32_t code = 0;  // as the parent sees it, 0 to 255
  std::uint32_t padding = 0;
};

// A parent was told how its child ended, which may not have said so itself: a signal killed it, or
// it ended without the C library's help.
struct ChildEnded {
  std::uint64_t time = 0;
  std::uint32_t pid = 0;
  std::uint16_t signal = 0;  // 0: none
  std::uint16_t code = 0;    // the exit code, where there was no signal
};

// Told once something is below the span, and again when the process becomes another program, which
// goes on with it. The process's end is the span's (preload/process_context.h).
struct Command {
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;  // 0: not yet; else the program became a server
  Context self;
  std::uint8_t parent_span_id[8] = {};  // zero: a root
  std::uint32_t pid = 0;                // of the program; a fork's child may tell of it
  std::uint32_t executable_size = 0;    // text: path of the executable
  // Nothing is below it as far as the program knows: it counts where a child of an earlier fork has
  // told of it.
  std::uint16_t is_only_if_known = 0;
  std::uint16_t script_size = 0;  // text: what an interpreter runs (agent/target/script.h)
  std::uint32_t padding = 0;
};

// Why an exchange, or a connection in another protocol, ended.
enum class EndReason : std::uint8_t {
  kComplete = 0,
  kClosed = 1,  // before the response was complete
  kProcessEnded = 2,
  kNotUnderstood = 3,  // a connection, from here on
  kToldOtherwise = 4,  // a runtime's shim tells of the connection's requests
  kLeft = 5,           // as kClosed; a child that was forked since may answer, and tell of it
  kUnseen = 6,         // another process, or the kernel alone, saw what came of it: no error
};

// A request and its response, HTTP/1.x, seen from the server or from the client.
struct Exchange {
  std::uint64_t start_time = 0;         // first byte of the request
  std::uint64_t end_time = 0;           // last byte of the response
  Context self;                         // ids of the span to make
  std::uint8_t parent_span_id[8] = {};  // zero: a root
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;
  // Socket addresses as text, "127.0.0.1" and "::1"; ports in host order. Zero sizes: unknown.
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  std::uint8_t local_address_size = 0;
  std::uint8_t peer_address_size = 0;
  EndReason end_reason = EndReason::kComplete;
  std::uint8_t parent_is_remote = 0;
  std::uint16_t response_status = 0;        // 0: no response
  std::uint8_t response_minor_version = 0;  // of HTTP/1.x
  std::uint8_t is_encrypted = 0;            // by TLS
  std::uint16_t request_head_size = 0;      // the start line and the headers that spans are made of
  std::uint16_t route_size = 0;             // what the application called its route
  std::uint16_t attributes_size = 0;        // encoded, what the application added
  std::uint16_t linked_size = 0;         // not 0: the parent is of another trace, and only linked
  std::uint16_t response_head_size = 0;  // where headers of it are captured, else 0
  std::uint8_t is_excluded = 0;          // by its URL: nothing is to be made of it
  std::uint8_t has_no_sizes = 0;         // of bodies: nobody saw their bytes
  // texts: local_address, peer_address, request_head, route, attributes, linked trace id,
  // response_head
};
// With the addresses and head of a plain request it fits in one slot of the ring.
static_assert(sizeof(Exchange) == 96);

// In Exchange::response_minor_version: no HTTP/1.x.
inline constexpr std::uint8_t kMinorVersionOfHttp2 = 20;

// Enough for the start line and the headers that become attributes; the rest is cut.
inline constexpr std::uint32_t kHeadBytesMax = 2048;
// For the headers of responses that somebody asked for.
inline constexpr std::uint32_t kResponseHeadBytesMax = 1024;

// Bytes that one call wrote or read on a connection whose protocol the agent process parses
// (agent/protocols/protocol.h). What it does not need is left out and told by its length.
struct StreamPiece {
  std::uint64_t time = 0;
  std::uint64_t position = 0;  // how many bytes went this way before
  // Of requests: a span that begins here (without a parent in the request's own headers) belongs to
  // `self.trace_id`, below `parent_span_id` (zero: a root), and makes its id of `self.span_id`.
  // Where `linked_trace_id` is not zero, the parent is a span of that trace and only linked: the
  // request may be on another one's behalf.
  Context self;
  std::uint8_t parent_span_id[8] = {};
  std::uint8_t linked_trace_id[16] = {};
  std::uint32_t stream = 0;  // the connection's number in its process
  std::uint8_t protocol = 0;
  std::uint8_t direction = 0;          // 0: requests, 1: replies
  std::uint8_t peer_address_size = 0;  // told with each piece; 0: unknown
  std::uint8_t is_served = 0;          // the program is the server, and the peer its client
  std::uint16_t peer_port = 0;         // 0: a path
  std::uint16_t segment_count = 0;
  std::uint32_t bytes_size = 0;
  std::uint16_t local_port = 0;
  std::uint8_t local_address_size = 0;  // only a server's is told
  std::uint8_t request_count = 0;       // that we have written a context into
  std::uint8_t padding[4] = {};
  // texts: peer_address, local_address, requests (each a StreamRequest), segments (each a
  // StreamSegment), bytes
};

// A request of HTTP/2 whose context the library has chosen. It has begun in the piece's bytes; the
// rest of it may come in others.
struct StreamRequest {
  std::uint32_t stream = 0;  // of the connection's
  std::uint8_t span_id[8] = {};
};

struct StreamSegment {
  std::uint32_t seen = 0;    // so many of the bytes,
  std::uint32_t unseen = 0;  // then so many that were left out
};

// The longest piece of a record; a call may make more.
inline constexpr std::uint32_t kStreamBytesMax = 8 * 1024;
inline constexpr std::uint32_t kStreamSegmentsMax = 1024;

struct StreamEnd {
  std::uint64_t time = 0;
  std::uint32_t stream = 0;
  EndReason end_reason = EndReason::kClosed;
  std::uint8_t padding[3] = {};
};

struct Statement {
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  Context self;
  std::uint8_t parent_span_id[8] = {};  // zero: a root
  std::int32_t error_code = 0;
  std::uint32_t database_size = 0;
  std::uint32_t text_size = 0;
  std::uint32_t padding = 0;
  // texts: database, text (as the program wrote it, without what was bound)
};

inline constexpr std::uint32_t kDatabaseBytesMax = 256;
inline constexpr std::uint32_t kStatementBytesMax = 8 * 1024;  // longer ones are cut

struct SpanRecord {
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  Context self;
  std::uint8_t parent_span_id[8] = {};
  std::uint8_t kind = 0;         // as OTLP
  std::uint8_t status_code = 0;  // as OTLP
  std::uint8_t padding[6] = {};
  std::uint32_t name_size = 0;
  std::uint32_t status_message_size = 0;
  std::uint32_t attributes_size = 0;
  std::uint32_t events_size = 0;
  std::uint32_t scope_name_size = 0;
  std::uint32_t scope_version_size = 0;
  std::uint32_t links_size = 0;
  // What there was no room for.
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t dropped_events_count = 0;
  std::uint32_t dropped_links_count = 0;
  // texts: name, status_message, scope_name, scope_version, attributes, events, links, the last
  // three as in a packed span (kolben/abi.h)
};

struct Measurement {
  std::uint64_t time = 0;
  double value = 0;
  Context context;        // for exemplars; zero where there is none
  std::uint8_t kind = 0;  // KOLBEN_COUNTER ...
  std::uint8_t padding[3] = {};
  std::uint32_t name_size = 0;
  std::uint32_t unit_size = 0;
  std::uint32_t description_size = 0;
  std::uint32_t attributes_size = 0;
  // texts: name, unit, description, attributes
};

struct Output {
  std::uint64_t time = 0;
  Context context;
  // 1 or 2; of a file that the configuration names a number from kFirstLogFile on, another one each
  // time that its process begins to write to one.
  std::uint32_t file_descriptor = 0;
  // By a thread that had told it as a log record: the last one before this record.
  std::uint8_t is_told = 0;
  std::uint8_t goes_on = 0;      // what was cut ends no line: the next write goes on with it
  std::uint16_t path_size = 0;   // not 0: a named file
  std::uint32_t bytes_size = 0;  // at most kOutputBytesMax; 0: the file's line ends here
  std::uint32_t bytes_cut = 0;   // how many more the call wrote
  // texts: path, bytes
};
inline constexpr std::uint32_t kFirstLogFile = 3;

// Longer writes come as several records up to this many in one, the rest is cut and counted.
inline constexpr std::uint32_t kOutputBytesMax = 16 * 1024;

// What its thread writes next, marked as told, is that.
struct ToldText {
  std::uint32_t size = 0;        // of all of it
  std::uint32_t begin_size = 0;  // at most kToldTextBytesMax
  // texts: begin
};
inline constexpr std::uint32_t kToldTextBytesMax = 256;

struct LogRecordHeader {
  std::uint64_t time = 0;
  Context context;
  std::int32_t severity = 0;
  std::uint32_t severity_text_size = 0;  // 0: by the number
  std::uint32_t scope_name_size = 0;
  std::uint32_t body_size = 0;
  std::uint32_t attributes_size = 0;
  std::uint32_t dropped_attributes_count = 0;  // there was no room for
  // texts: severity_text, scope_name, body, attributes
};

}  // namespace kolben::agent
