// A recorder whose batches are kept. For tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/process/recorder.h"
#include "agent/process/test_ring.h"

namespace kolben::agent::testing {

class KeptBatches final : public Exporter {
 public:
  void export_batch(const Batch& batch) override { batches.push_back(batch.clone()); }
  void shutdown(std::chrono::steady_clock::time_point) override {}
  std::vector<Batch> batches;
};

class RecorderTest : public ::testing::Test {
 protected:
  explicit RecorderTest(const Environment& environment = {{"OTEL_SERVICE_NAME", "todo"}})
      : settings_(read_settings(environment)) {}

  void handle(const RecordBytes& record) { recorder_.handle(record.bytes(), kTime); }

  std::vector<Span> spans() {
    recorder_.tick(0, kTime + 1'000'000'000);
    std::vector<Span> result;
    for (const Batch& batch : traces_.batches) {
      for (const Span& span : batch.traces().resources[0].scopes[0].spans) result.push_back(span);
    }
    return result;
  }
  std::vector<LogRecord> log_records() {
    recorder_.tick(0, kTime + 1'000'000'000);
    std::vector<LogRecord> result;
    for (const Batch& batch : logs_.batches) {
      for (const LogRecord& log : batch.logs().resources[0].scopes[0].records)
        result.push_back(log);
    }
    return result;
  }
  static std::string listed(const Attributes& attributes) {
    std::string text;
    for (const KeyValue& attribute : attributes) {
      text.append(attribute.key).append("=");
      if (attribute.value.type() == ValueType::kString) text += attribute.value.as_string();
      if (attribute.value.type() == ValueType::kInt)
        text += std::to_string(attribute.value.as_int());
      text += '\n';
    }
    return text;
  }

  Settings settings_;
  SharedOutput output_;
  KeptBatches traces_, metrics_, logs_;
  Recorder recorder_{settings_, {{&traces_}, {&metrics_}, {&logs_}}, output_, kTime};
};

}  // namespace kolben::agent::testing
