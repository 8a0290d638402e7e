// Helpers of the engine's tests: requests made of a few words, a store in a temporary directory.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/faulty_file_system.h"
#include "otlp/encode.h"
#include "storage/engine/engine.h"
#include "storage/engine/part/span_group.h"

namespace kolben::storage::engine {

inline constexpr std::uint64_t kNow = 1'700'000'000'000'000'000;

inline TraceId trace_id(std::uint64_t number) {
  TraceId id;
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[0] = 0xab;
  return id;
}

inline SpanId span_id(std::uint64_t number) {
  SpanId id;
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[7 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

// What a test says of a span; everything else has a default.
struct TestSpan {
  std::uint64_t trace = 1;
  std::uint64_t id = 1;
  std::uint64_t parent = 0;
  std::string service = "shop";
  std::string name = "GET /";
  std::uint64_t start = kNow;
  std::uint64_t duration = 1'000'000;
  SpanKind kind = SpanKind::kServer;
  SpanStatusCode status = SpanStatusCode::kUnset;
  std::vector<std::pair<std::string, std::string>> attributes = {};
  std::vector<std::pair<std::string, std::int64_t>> numbers = {};
};

inline void fill_span(Batch& batch, const TestSpan& from, Span& span) {
  Arena& arena = batch.arena();
  span.trace_id = trace_id(from.trace);
  span.span_id = span_id(from.id);
  if (from.parent != 0) span.parent_span_id = span_id(from.parent);
  span.name = arena.copy(from.name);
  span.kind = from.kind;
  span.start_time_unix_nano = from.start;
  span.end_time_unix_nano = from.start + from.duration;
  span.status_code = from.status;
  for (const auto& [key, value] : from.attributes) {
    set(span.attributes, arena, arena.copy(key), Value::string(arena.copy(value)));
  }
  for (const auto& [key, value] : from.numbers) {
    set(span.attributes, arena, arena.copy(key), Value::integer(value));
  }
}

// One resource for each run of spans of the same service.
inline Batch make_spans(const std::vector<TestSpan>& spans) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  ScopeSpans* scope = nullptr;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i == 0 || spans[i].service != spans[i - 1].service) {
      ResourceSpans& resource = batch.traces().resources.add(arena);
      set(resource.resource.attributes, arena, "service.name",
          Value::string(arena.copy(spans[i].service)));
      set(resource.resource.attributes, arena, "host.name", Value::string("host-1"));
      scope = &resource.scopes.add(arena);
      scope->scope.name = "test";
      scope->scope.version = "1.0";
    }
    fill_span(batch, spans[i], scope->spans.add(arena));
  }
  batch.recount();
  otlp::to_wire(batch);
  return batch;
}

struct TestLog {
  std::uint64_t time = kNow;
  std::string body = "hello";
  std::uint64_t trace = 0;
  std::string service = "shop";
  std::int32_t severity = 9;
};

inline Batch make_logs(const std::vector<TestLog>& logs) {
  Batch batch(Signal::kLogs);
  Arena& arena = batch.arena();
  for (const TestLog& from : logs) {
    ResourceLogs& resource = batch.logs().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name",
        Value::string(arena.copy(from.service)));
    LogRecord& record = resource.scopes.add(arena).records.add(arena);
    record.time_unix_nano = from.time;
    record.severity_number = from.severity;
    record.body = Value::string(arena.copy(from.body));
    if (from.trace != 0) record.trace_id = trace_id(from.trace);
  }
  batch.recount();
  otlp::to_wire(batch);
  return batch;
}

inline Batch make_points(std::uint64_t time, std::uint32_t points) {
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  Metric& metric = batch.metrics().resources.add(arena).scopes.add(arena).metrics.add(arena);
  metric.name = "requests";
  metric.kind = MetricKind::kSum;
  for (std::uint32_t i = 0; i < points; ++i) {
    NumberPoint& point = metric.number_points.add(arena);
    point.time_unix_nano = time;
    point.value.type = NumberType::kInt;
    point.value.integer = i;
  }
  batch.recount();
  otlp::to_wire(batch);
  return batch;
}

// Waits for what the store says of a batch.
class Outcome {
 public:
  Store::OnDurable callback() {
    return [shared = shared_](Status status) {
      const std::lock_guard lock(shared->mutex);
      shared->status = std::move(status);
      shared->is_there = true;
      shared->changed.notify_all();
    };
  }
  Status wait() {
    std::unique_lock lock(shared_->mutex);
    if (!shared_->changed.wait_for(lock, std::chrono::seconds(30),
                                   [this] { return shared_->is_there; })) {
      return deadline_exceeded("the store never answered");
    }
    return shared_->status;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_there = false;
    Status status;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// A span as the store has it.
struct StoredSpan {
  TraceId trace_id;
  SpanId span_id;
  std::string name, service;
  std::uint64_t start = 0;
  friend auto operator<=>(const StoredSpan&, const StoredSpan&) = default;
};

// Every row of the parts, in their order.
inline std::vector<StoredSpan> rows_of(const std::vector<LivePart>& parts) {
  std::vector<StoredSpan> rows;
  for (const LivePart& live : parts) {
    for (std::uint32_t g = 0; g < live.part->groups(); ++g) {
      auto group = part::SpanGroup::open(live.part, g);
      EXPECT_TRUE(group) << group.status().to_string();
      for (std::uint32_t row = 0; group && row < group->rows(); ++row) {
        if (live.deleted && live.deleted->contains(g, row)) continue;
        Arena arena;
        Span span;
        const Status read = group->read(row, arena, span);
        EXPECT_TRUE(read) << read.to_string();
        const auto resources = group->columns().numbers(part::span_column::kResource);
        rows.push_back({span.trace_id, span.span_id, std::string(span.name),
                        std::string(live.part->resources()[(**resources)[row]].service),
                        span.start_time_unix_nano});
      }
    }
  }
  return rows;
}

// Writes and waits.
inline Status store(Store& store, Batch batch) {
  Outcome outcome;
  Status taken = store.write(std::move(batch), outcome.callback());
  return taken ? outcome.wait() : taken;
}

inline Filter everything() {
  return Filter{And{}};
}

inline Filter compare(Field field, Operator op, Operand operand) {
  return Filter{Compare{std::move(field), op, std::move(operand)}};
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string pattern = testing::TempDir() + "kolben-store-XXXXXX";
    parent_ = ::mkdtemp(pattern.data());
    options_.path = parent_ + "/data";
    options_.segment_bytes = 64 << 10;
    options_.tail_bytes_max = 1 << 20;
  }
  ~EngineTest() override {
    engine_.reset();
    std::filesystem::remove_all(parent_);
  }

  Status open() { return open(no_accidents_); }
  Status open(FileSystem& files) {
    engine_.reset();
    auto opened = Engine::open(options_, files, clock_, [this](const std::string& line) {
      const std::lock_guard lock(reports_mutex_);
      reports_.push_back(line);
    });
    if (!opened) return opened.status();
    engine_ = std::move(*opened);
    return Status::ok();
  }
  // As kill -9 leaves it: the files as they are, copied from under a running store.
  std::string copy_of_files(const std::string& name) {
    const std::string copy = parent_ + "/" + name;
    // A temporary file of the keeper may go while it is copied: then the copy begins anew.
    std::error_code error;
    do {
      std::filesystem::remove_all(copy);
      std::filesystem::copy(options_.path, copy, std::filesystem::copy_options::recursive, error);
    } while (error == std::errc::no_such_file_or_directory);
    EXPECT_FALSE(error) << error.message();
    return copy;
  }
  // What a query would see.
  std::vector<StoredSpan> spans() {
    const auto snapshot = engine_->snapshot();
    EXPECT_TRUE(snapshot) << snapshot.status().to_string();
    return snapshot ? rows_of(snapshot->spans) : std::vector<StoredSpan>();
  }
  std::size_t count_of(std::uint64_t trace) {
    const std::vector<StoredSpan> all = spans();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(),
        [trace](const StoredSpan& span) { return span.trace_id == trace_id(trace); }));
  }
  std::string path(const std::string& name) const { return parent_ + "/" + name; }

  ManualClock clock_{kNow};
  Options options_;
  std::string parent_;
  std::mutex reports_mutex_;
  std::vector<std::string> reports_;
  FaultyFileSystem files_{system_file_system()};  // for those that want accidents
  // Its syncs cost nothing.
  FaultyFileSystem no_accidents_{system_file_system()};
  std::unique_ptr<Engine> engine_;
};

}  // namespace kolben::storage::engine
