// Engine: the embedded store. A directory of segments, each a log of requests as they came and,
// once sealed, an index with the columns that queries need; a writer thread (writer.h), a keeper
// thread (keeper.h), and queries on their callers' threads over snapshots (queries.h).
//
// Bodies of attributes are found by reading them: issue by issue the inside of segments may become
// columns; this door stays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "storage/engine/body_reader.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/keeper.h"
#include "storage/engine/options.h"
#include "storage/engine/queries.h"
#include "storage/engine/segment_set.h"
#include "storage/engine/writer.h"
#include "storage/store.h"

namespace kolben::storage::engine {

class Engine final : public Store {
 public:
  // Opens or makes the store at options.path, and replays what was not sealed. Refuses a directory
  // that is in use, foreign, of another version, not writable or without room. `files` and `clock`
  // outlive the engine.
  static Result<std::unique_ptr<Engine>> open(Options options, FileSystem& files,
                                              const Clock& clock, Report report);
  ~Engine() override;

  // Ends writing: everything taken is committed (or refused to its sender), the segment is sealed,
  // the lock is given back. Nothing may be called afterwards but close() and the destructor.
  Status close();

  [[nodiscard]] Status write(Batch&& batch, OnDurable&& on_durable) override;
  Result<TracePage> search(const TraceQuery& query) override;
  Result<Batch> get_trace(const TraceId& id) override;
  Result<Histogram> histogram(const HistogramQuery& query) override;
  Result<Batch> logs(const LogQuery& query) override;
  Result<std::vector<std::string>> services() override;
  Result<std::vector<Operation>> operations(std::string_view service) override;
  Result<std::vector<KeyCount>> keys(std::string_view prefix, std::uint32_t limit) override;
  Result<std::vector<std::string>> values(const Field& field, std::string_view prefix,
                                          std::uint32_t limit) override;
  Result<std::vector<ServiceLink>> dependencies(TimeRange range) override;
  StoreStats stats() override;

  // Does now what the keeper does by the clock.
  void maintain() { keeper_.work(); }
  // The segments, for tests and for tools that look inside.
  Views views() const { return segments_.views(); }

 private:
  Engine(Options options, DataDirectory directory, const Clock& clock, Report report);
  Status start();
  QueryContext context();

  const Options options_;
  std::unique_ptr<DataDirectory> directory_;
  const Clock& clock_;
  Report report_;
  SegmentSet segments_;
  BodyCache cache_;
  Keeper keeper_;
  std::unique_ptr<Writer> writer_;
  bool is_open_ = false;
};

}  // namespace kolben::storage::engine
