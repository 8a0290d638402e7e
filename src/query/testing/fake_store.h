// FakeStore: a storage::Store that holds a few traces and log records given as OTLP JSON, answers
// every search with all of them, and remembers what it was asked. For one test at a time; calls
// from several threads are serialised.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "storage/store.h"

namespace kolben::query::testing {

class FakeStore : public storage::Store {
 public:
  // One OTLP JSON request with the spans of any number of traces, and one with log records.
  void add_traces(std::string_view otlp_json);
  void add_logs(std::string_view otlp_json);
  void add_trace(Batch batch, const TraceId& id);
  // Every reading call fails with it from now on.
  void fail_with(Status status);

  // What was asked last.
  const storage::TraceQuery& last_search() const { return last_search_; }
  const storage::HistogramQuery& last_histogram() const { return last_histogram_; }
  const std::vector<storage::AggregateQuery>& aggregates() const { return aggregates_; }  // all
  void forget_aggregates() { aggregates_.clear(); }
  const storage::LogQuery& last_logs() const { return last_logs_; }
  const storage::LogHistogramQuery& last_log_histogram() const { return last_log_histogram_; }
  const storage::Field& last_values_field() const { return last_values_field_; }
  storage::TimeRange last_dependencies() const { return last_dependencies_; }

  // Answers to give.
  std::vector<std::string> service_names;
  std::vector<storage::Operation> operation_list;
  std::vector<storage::KeyCount> key_list;
  std::vector<std::string> value_list;
  std::vector<storage::ServiceLink> links;
  storage::Histogram histogram_answer;
  std::vector<Result<storage::Aggregate>> aggregate_answers;  // in turn, then empty ones
  storage::LogHistogram log_histogram_answer;
  std::vector<std::string> log_service_names;
  std::vector<storage::KeyCount> log_key_list;
  storage::StoreStats stats_answer;
  std::string next_cursor;
  storage::TraceMatch match_answer;  // where it is asked for

  Status write(Batch&& batch, OnDurable&& on_durable) override;
  Result<storage::TracePage> search(const storage::TraceQuery& query) override;
  Result<Batch> get_trace(const TraceId& id) override;
  Result<storage::Histogram> histogram(const storage::HistogramQuery& query) override;
  Result<storage::Aggregate> aggregate(const storage::AggregateQuery& query) override;
  Result<Batch> logs(const storage::LogQuery& query) override;
  Result<storage::LogHistogram> log_histogram(const storage::LogHistogramQuery& query) override;
  Result<std::vector<std::string>> log_services() override;
  Result<std::vector<storage::KeyCount>> log_keys(std::string_view prefix,
                                                  std::uint32_t limit) override;
  Result<std::vector<std::string>> services() override;
  Result<std::vector<storage::Operation>> operations(std::string_view service) override;
  Result<std::vector<storage::KeyCount>> keys(std::string_view prefix,
                                              std::uint32_t limit) override;
  Result<std::vector<std::string>> values(const storage::Field& field, std::string_view prefix,
                                          std::uint32_t limit) override;
  Result<std::vector<storage::ServiceLink>> dependencies(storage::TimeRange range) override;
  storage::StoreStats stats() override { return stats_answer; }

 private:
  mutable Mutex mutex_;
  std::vector<std::pair<TraceId, Batch>> traces_;
  std::optional<Batch> logs_;
  Status failure_;
  storage::TraceQuery last_search_;
  storage::HistogramQuery last_histogram_;
  std::vector<storage::AggregateQuery> aggregates_;
  storage::LogQuery last_logs_;
  storage::LogHistogramQuery last_log_histogram_;
  storage::Field last_values_field_;
  storage::TimeRange last_dependencies_;
};

}  // namespace kolben::query::testing
