/* Kolben's C interface for applications: spans, attributes, counters, logs, baggage.
 *
 * Hermetic: plain C11, nothing to link. An application includes this header (or telemetry.hpp over
 * it) and calls kolben_telemetry(). Without the agent that is a null pointer and everything is a
 * no-op; under `opentelemetry-instrument` it is the agent's table. The one weak symbol is found in
 * every ordinary executable, without special flags.
 *
 * The table only grows: of a member that came later than `traceparent` ask KOLBEN_HAS() first, for
 * the agent may be older than this header.
 * All functions may be called from any thread, never block, never fail visibly, and never call
 * back. Texts are UTF-8, need not end in zero, and are copied before the call returns.
 */
#ifndef KOLBEN_ABI_H_
#define KOLBEN_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kolben_text {
  const char* data;
  size_t size;
} kolben_text;

/* KOLBEN_LIST only in packed attributes, see below. */
enum { KOLBEN_STRING = 1, KOLBEN_BOOL = 2, KOLBEN_INT = 3, KOLBEN_DOUBLE = 4, KOLBEN_LIST = 5 };

typedef struct kolben_attribute {
  kolben_text key;
  int type; /* KOLBEN_STRING ... */
  union {
    kolben_text string;
    int boolean;
    int64_t integer;
    double real;
  } value;
} kolben_attribute;

/* OpenTelemetry span kinds, as on the wire. */
enum {
  KOLBEN_INTERNAL = 1,
  KOLBEN_SERVER = 2,
  KOLBEN_CLIENT = 3,
  KOLBEN_PRODUCER = 4,
  KOLBEN_CONSUMER = 5
};
/* Span status codes, as on the wire. */
enum { KOLBEN_STATUS_UNSET = 0, KOLBEN_STATUS_OK = 1, KOLBEN_STATUS_ERROR = 2 };
/* Instruments. */
enum { KOLBEN_COUNTER = 1, KOLBEN_UP_DOWN_COUNTER = 2, KOLBEN_HISTOGRAM = 3, KOLBEN_GAUGE = 4 };
/* Severity numbers of the log data model (the first of each range). */
enum { KOLBEN_DEBUG = 5, KOLBEN_INFO = 9, KOLBEN_WARN = 13, KOLBEN_ERROR = 17 };

/* A span that has begun, or an instrument; 0 is "none" and accepted everywhere. */
typedef uint64_t kolben_span;
typedef uint64_t kolben_instrument;

/* Packed, for languages in which structs with pointers are dear: numbers in the machine's order, no
 * padding but what is named, texts without end zeros.
 *
 * Packed attributes, one after another: u8 type, u32 size of the key, key, value; the value is u32
 * size and bytes (string), u8 (bool), i64, double, or u32 size and the items, each u8 type, value
 * (list; no list in it).
 *
 * A packed span: this, then name, status message, scope's name, scope's version, attributes, events
 * (each u64 time, u32 size of the name, u32 size of the attributes, name, attributes), links (each
 * 16 bytes trace id, 8 bytes span id, u32 size of the attributes, attributes). */
typedef struct kolben_packed_span {
  uint64_t start_time; /* nanoseconds since 1970 */
  uint64_t end_time;
  uint32_t kind;   /* KOLBEN_INTERNAL ... */
  uint32_t status; /* KOLBEN_STATUS_UNSET ... */
  uint32_t name_size;
  uint32_t status_message_size;
  uint32_t scope_name_size;
  uint32_t scope_version_size;
  uint32_t attributes_size;
  uint32_t events_size;
  uint32_t links_size;
  uint32_t dropped_attributes_count; /* what the caller had no room for */
  uint32_t dropped_events_count;
  uint32_t dropped_links_count;
} kolben_packed_span;

/* A packed log record: this, then severity text, scope's name, body, attributes. */
typedef struct kolben_packed_log {
  uint64_t time;
  int32_t severity;
  uint32_t severity_text_size;
  uint32_t scope_name_size;
  uint32_t body_size;
  uint32_t attributes_size;
  uint32_t dropped_attributes_count;
} kolben_packed_log;

typedef struct kolben_table {
  uint32_t version; /* 1 */
  uint32_t size;    /* of this struct in the agent */

  /* Begins a span below the thread's current one (or below the request that the thread serves) and
   * makes it the thread's current span. End it on the same thread, innermost first. */
  kolben_span (*span_begin)(kolben_text name, int kind);
  void (*span_attribute)(kolben_span span, const kolben_attribute* attribute);
  void (*span_event)(kolben_span span, kolben_text name, const kolben_attribute* attributes,
                     size_t count);
  void (*span_status)(kolben_span span, int code, kolben_text description);
  void (*span_end)(kolben_span span);

  /* The span of the request that this thread serves: its route ("/delete/{task_id}") and more
   * attributes. Nothing happens where the thread serves none. */
  void (*request_route)(kolben_text route);
  void (*request_attribute)(const kolben_attribute* attribute);

  /* The same name and kind give the same instrument. */
  kolben_instrument (*instrument)(int kind, kolben_text name, kolben_text unit,
                                  kolben_text description);
  void (*record)(kolben_instrument instrument, double value, const kolben_attribute* attributes,
                 size_t count);

  /* A log record with the thread's trace context. */
  void (*log)(int severity, kolben_text body, const kolben_attribute* attributes, size_t count);

  /* The thread's context as a W3C traceparent (55 characters, no end zero); 0 where there is none.
   */
  size_t (*traceparent)(char* buffer, size_t size);

  /* For runtimes that move work between threads and callbacks (event loops, pools): what the thread
   * works for is taken along as two numbers. Later members than the ones above. */

  /* The request that this thread serves, 0: none. Below 2^53; stale once the request has ended. */
  uint64_t (*request)(void);
  /* From now on this thread works for `request`, and below `span` within it; 0 and what has ended:
   * for none. Once called, nothing else is guessed for this thread. */
  void (*work_for)(uint64_t request, kolben_span span);

  /* A span that is no thread's current one and may be ended on any thread: below `parent` (a
   * traceparent of 55 characters; null: a root). Its own is written to `traceparent` (55
   * characters); its last digit says whether the span is recorded. 0: there is no room. */
  kolben_span (*span_start)(const char* parent, char* traceparent);
  /* Ends it and tells all of it; null: ends it untold. */
  void (*span_finish)(kolben_span span, const void* packed, size_t size);
  void (*log_packed)(const void* packed, size_t size);
  void (*record_packed)(kolben_instrument instrument, double value, const void* attributes,
                        size_t size);
  /* More attributes of the request that the thread serves. */
  void (*request_packed)(const void* attributes, size_t size);
  /* What this thread writes to stdout and stderr until the next call with 0 is the log record that
   * it told last. Calls nest. */
  void (*output_is_told)(int begins);
  /* Within that: what it writes next of the record is `size` bytes, and `begin` are the first of
   * them. Without this the record's text is looked for in what is written. */
  void (*output_text_is_told)(kolben_text begin, size_t size);

  /* A link from `span` to another one, by that one's traceparent: a message's producer, what a
   * batch is made of. Nothing happens where that is no traceparent. */
  void (*span_link)(kolben_span span, kolben_text traceparent, const kolben_attribute* attributes,
                    size_t count);
  /* Baggage: names and values that go on with the requests which are made on behalf of this one,
   * and those which are made on their behalf. What is set holds in the thread's current span and
   * those that begin within it from then on; without a span, for the request that the thread
   * serves. 0: there is neither; the key is no token (RFC 9110); or there is no room (1 KiB and 64
   * names for a span or request). */
  int (*baggage_set)(kolben_text key, kolben_text value);
  /* The value, of what was set or came in; returns its size (0: there is none), of which at most
   * `size` bytes are written. */
  size_t (*baggage_get)(kolben_text key, char* buffer, size_t size);
} kolben_table;

/* Whether the agent's table has this member. */
#define KOLBEN_HAS(table, member) \
  ((table)->size >= offsetof(kolben_table, member) + sizeof((table)->member))

/* Defined by the agent's preloaded library. */
#if defined(__GNUC__)
__attribute__((weak))
#endif
const kolben_table*
kolben_agent_table(void);

static inline const kolben_table* kolben_telemetry(void) {
  return kolben_agent_table ? kolben_agent_table() : NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* KOLBEN_ABI_H_ */
