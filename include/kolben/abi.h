/* Kolben's C interface for applications: spans, attributes, counters, logs.
 *
 * Hermetic: plain C11, nothing to link. An application includes this header (or telemetry.hpp over
 * it) and calls kolben_telemetry(). Without the agent that is a null pointer and everything is a
 * no-op; under `opentelemetry-instrument` it is the agent's table. The one weak symbol is found in
 * every ordinary executable, without special flags.
 *
 * The table only grows: check `size` before you use a member that came later than version 1.
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

enum { KOLBEN_STRING = 1, KOLBEN_BOOL = 2, KOLBEN_INT = 3, KOLBEN_DOUBLE = 4 };

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
enum { KOLBEN_INTERNAL = 1, KOLBEN_SERVER = 2, KOLBEN_CLIENT = 3 };
/* Span status codes, as on the wire. */
enum { KOLBEN_STATUS_UNSET = 0, KOLBEN_STATUS_OK = 1, KOLBEN_STATUS_ERROR = 2 };
/* Instruments. */
enum { KOLBEN_COUNTER = 1, KOLBEN_UP_DOWN_COUNTER = 2, KOLBEN_HISTOGRAM = 3, KOLBEN_GAUGE = 4 };
/* Severity numbers of the log data model (the first of each range). */
enum { KOLBEN_DEBUG = 5, KOLBEN_INFO = 9, KOLBEN_WARN = 13, KOLBEN_ERROR = 17 };

/* A span that has begun, or an instrument; 0 is "none" and accepted everywhere. */
typedef uint64_t kolben_span;
typedef uint64_t kolben_instrument;

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
} kolben_table;

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
