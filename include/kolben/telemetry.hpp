// Kolben's C++ interface for applications, over the C table of abi.h: spans, attributes, metrics,
// logs, baggage. Header only, C++17, nothing to link.
//
//   kolben::Span span("querying_tasks");
//   span.set("db.system", "sqlite");
//   kolben::set_route("/delete/{task_id}");
//   static const kolben::Counter added("tasks_added", "1", "Tasks that were added");
//   added.add(1, {{"list", "home"}});
//   kolben::log_info("task added", {{"id", 7}});
//
// Without the agent each call is a test of a null pointer. Any thread may call anything; a Span
// belongs to the thread that made it. Nothing throws; texts are copied before a call returns. A
// Span is told when it ends: those that are open when the program crashes or is killed are not
// told.
#ifndef KOLBEN_TELEMETRY_HPP_
#define KOLBEN_TELEMETRY_HPP_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "kolben/abi.h"

namespace kolben {

namespace detail {

inline kolben_text text(std::string_view value) noexcept {
  return {value.data(), value.size()};
}

}  // namespace detail

// Whether the agent is there; for values that are dear to compute.
inline bool enabled() noexcept {
  return kolben_telemetry() != nullptr;
}

// A name and a text, truth value, integer or floating point number. Refers to its texts: use it in
// the call that it is made for.
class Attribute {
 public:
  Attribute(std::string_view key, std::string_view value) noexcept
      : Attribute(Typed{KOLBEN_STRING}, key) {
    raw_.value.string = detail::text(value);
  }
  Attribute(std::string_view key, const char* value) noexcept
      : Attribute(key, std::string_view(value)) {}
  Attribute(std::string_view key, const std::string& value) noexcept
      : Attribute(key, std::string_view(value)) {}
  Attribute(std::string_view key, bool value) noexcept : Attribute(Typed{KOLBEN_BOOL}, key) {
    raw_.value.boolean = value ? 1 : 0;
  }
  Attribute(std::string_view key, double value) noexcept : Attribute(Typed{KOLBEN_DOUBLE}, key) {
    raw_.value.real = value;
  }
  template <
      typename Integer,
      std::enable_if_t<std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>, int> = 0>
  Attribute(std::string_view key, Integer value) noexcept : Attribute(Typed{KOLBEN_INT}, key) {
    raw_.value.integer = static_cast<std::int64_t>(value);
  }

  const kolben_attribute& raw() const noexcept { return raw_; }

 private:
  struct Typed {
    int type;
  };
  Attribute(Typed typed, std::string_view key) noexcept : raw_{} {
    raw_.key = detail::text(key);
    raw_.type = typed.type;
  }

  kolben_attribute raw_;
};

using Attributes = std::initializer_list<Attribute>;

namespace detail {

// An Attribute is its kolben_attribute and nothing else, so a list of them is one of those.
static_assert(sizeof(Attribute) == sizeof(kolben_attribute));
static_assert(std::is_standard_layout_v<Attribute>);

inline const kolben_attribute* raw(Attributes attributes) noexcept {
  return attributes.size() == 0 ? nullptr : &attributes.begin()->raw();
}

}  // namespace detail

enum class SpanKind {
  kInternal = KOLBEN_INTERNAL,
  kServer = KOLBEN_SERVER,
  kClient = KOLBEN_CLIENT,
  kProducer = KOLBEN_PRODUCER,
  kConsumer = KOLBEN_CONSUMER,
};

// A span from construction to destruction, below the thread's current one or below the request that
// the thread serves.
class Span {
 public:
  explicit Span(std::string_view name, SpanKind kind = SpanKind::kInternal) noexcept
      : table_(kolben_telemetry()) {
    if (table_ != nullptr) span_ = table_->span_begin(detail::text(name), static_cast<int>(kind));
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { end(); }

  template <typename Value>
  Span& set(std::string_view key, const Value& value) noexcept {
    if (table_ != nullptr) table_->span_attribute(span_, &Attribute(key, value).raw());
    return *this;
  }
  Span& event(std::string_view name, Attributes attributes = {}) noexcept {
    if (table_ != nullptr) {
      table_->span_event(span_, detail::text(name), detail::raw(attributes), attributes.size());
    }
    return *this;
  }
  // To another span, by its traceparent: a message's producer, what a batch is made of.
  Span& link(std::string_view traceparent, Attributes attributes = {}) noexcept {
    if (table_ != nullptr && KOLBEN_HAS(table_, span_link)) {
      table_->span_link(span_, detail::text(traceparent), detail::raw(attributes),
                        attributes.size());
    }
    return *this;
  }
  Span& ok() noexcept { return status(KOLBEN_STATUS_OK, {}); }
  Span& error(std::string_view description) noexcept {
    return status(KOLBEN_STATUS_ERROR, description);
  }
  // Before the scope ends; what comes later does nothing.
  void end() noexcept {
    if (table_ != nullptr) table_->span_end(span_);
    table_ = nullptr;
  }

 private:
  Span& status(int code, std::string_view description) noexcept {
    if (table_ != nullptr) table_->span_status(span_, code, detail::text(description));
    return *this;
  }

  const kolben_table* table_;
  kolben_span span_ = 0;
};

// The span of the request that this thread serves.
inline void set_route(std::string_view route) noexcept {
  const kolben_table* table = kolben_telemetry();
  if (table != nullptr) table->request_route(detail::text(route));
}
template <typename Value>
void set_request_attribute(std::string_view key, const Value& value) noexcept {
  const kolben_table* table = kolben_telemetry();
  if (table != nullptr) table->request_attribute(&Attribute(key, value).raw());
}

namespace detail {

// Keep one for the life of the program (a static): making it looks its name up.
class Instrument {
 public:
  Instrument(int kind, std::string_view name, std::string_view unit,
             std::string_view description) noexcept
      : table_(kolben_telemetry()) {
    if (table_ != nullptr) {
      instrument_ = table_->instrument(kind, text(name), text(unit), text(description));
    }
  }

 protected:
  void record(double value, Attributes attributes) const noexcept {
    if (table_ != nullptr) {
      table_->record(instrument_, value, raw(attributes), attributes.size());
    }
  }

 private:
  const kolben_table* table_;
  kolben_instrument instrument_ = 0;
};

}  // namespace detail

class Counter : public detail::Instrument {
 public:
  explicit Counter(std::string_view name, std::string_view unit = {},
                   std::string_view description = {}) noexcept
      : Instrument(KOLBEN_COUNTER, name, unit, description) {}
  void add(double value = 1, Attributes attributes = {}) const noexcept {
    record(value, attributes);
  }
};

class UpDownCounter : public detail::Instrument {
 public:
  explicit UpDownCounter(std::string_view name, std::string_view unit = {},
                         std::string_view description = {}) noexcept
      : Instrument(KOLBEN_UP_DOWN_COUNTER, name, unit, description) {}
  void add(double value, Attributes attributes = {}) const noexcept { record(value, attributes); }
};

class Histogram : public detail::Instrument {
 public:
  explicit Histogram(std::string_view name, std::string_view unit = {},
                     std::string_view description = {}) noexcept
      : Instrument(KOLBEN_HISTOGRAM, name, unit, description) {}
  void record(double value, Attributes attributes = {}) const noexcept {
    Instrument::record(value, attributes);
  }
};

class Gauge : public detail::Instrument {
 public:
  explicit Gauge(std::string_view name, std::string_view unit = {},
                 std::string_view description = {}) noexcept
      : Instrument(KOLBEN_GAUGE, name, unit, description) {}
  void record(double value, Attributes attributes = {}) const noexcept {
    Instrument::record(value, attributes);
  }
};

enum class Severity {
  kDebug = KOLBEN_DEBUG,
  kInfo = KOLBEN_INFO,
  kWarn = KOLBEN_WARN,
  kError = KOLBEN_ERROR,
};

// A log record with the thread's trace context. It is not printed.
inline void log(Severity severity, std::string_view body, Attributes attributes = {}) noexcept {
  const kolben_table* table = kolben_telemetry();
  if (table != nullptr) {
    table->log(static_cast<int>(severity), detail::text(body), detail::raw(attributes),
               attributes.size());
  }
}
inline void log_debug(std::string_view body, Attributes attributes = {}) noexcept {
  log(Severity::kDebug, body, attributes);
}
inline void log_info(std::string_view body, Attributes attributes = {}) noexcept {
  log(Severity::kInfo, body, attributes);
}
inline void log_warn(std::string_view body, Attributes attributes = {}) noexcept {
  log(Severity::kWarn, body, attributes);
}
inline void log_error(std::string_view body, Attributes attributes = {}) noexcept {
  log(Severity::kError, body, attributes);
}

// Baggage: goes on with the requests that are made within the thread's current span, or without one
// for the request that the thread serves. False: there is neither, or no room, or the key is none.
inline bool set_baggage(std::string_view key, std::string_view value) noexcept {
  const kolben_table* table = kolben_telemetry();
  return table != nullptr && KOLBEN_HAS(table, baggage_set) &&
         table->baggage_set(detail::text(key), detail::text(value)) != 0;
}
// What was set, or came in with the request; empty where there is none.
inline std::string baggage(std::string_view key) {
  const kolben_table* table = kolben_telemetry();
  if (table == nullptr || !KOLBEN_HAS(table, baggage_get)) return {};
  std::string value(table->baggage_get(detail::text(key), nullptr, 0), '\0');
  const std::size_t size = table->baggage_get(detail::text(key), value.data(), value.size());
  if (size < value.size()) value.resize(size);
  return value;
}

// The thread's context as the value of a `traceparent` header; empty where there is none.
inline std::string traceparent() {
  const kolben_table* table = kolben_telemetry();
  char buffer[64];
  return table == nullptr ? std::string()
                          : std::string(buffer, table->traceparent(buffer, sizeof(buffer)));
}

}  // namespace kolben

#endif  // KOLBEN_TELEMETRY_HPP_
