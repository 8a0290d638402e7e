// kolben store import: takes what `kolben store export` or the Collector's file exporter wrote.

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/cli/progress.h"
#include "app/store/request_file.h"
#include "app/store/store_commands.h"
#include "otlp/check.h"
#include "otlp/encode.h"
#include "otlp/json.h"

namespace kolben::app {
namespace {

struct ImportOptions {
  std::string signal;
  std::string format = "json";
  std::vector<std::string> files;
};

// Hands batches to the store and waits, in the end, until all are on the disk.
class Importer {
 public:
  explicit Importer(storage::engine::Engine& engine) : engine_(engine) {}

  Status add(Batch batch) {
    const std::uint64_t items = batch.items();
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (!failure_.is_ok()) return failure_;
        ++waiting_;
      }
      const Status taken = engine_.write(std::move(batch), [this](Status status) { done(status); });
      if (taken.is_ok()) break;
      const std::lock_guard lock(mutex_);
      --waiting_;
      // The store says when to come again while it is full: that is what it is for.
      if (taken.code() != StatusCode::kResourceExhausted) return taken;
      std::this_thread::sleep_for(kAgain);
    }
    items_ += items;
    return Status::ok();
  }

  Result<std::uint64_t> finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ == 0; });
    if (!failure_.is_ok()) return failure_;
    return items_;
  }

 private:
  static constexpr std::chrono::milliseconds kAgain{20};

  void done(const Status& status) {
    const std::lock_guard lock(mutex_);
    if (!status.is_ok() && failure_.is_ok()) failure_ = status;
    --waiting_;
    changed_.notify_all();
  }

  storage::engine::Engine& engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t waiting_ = 0;
  std::uint64_t items_ = 0;
  Status failure_;
};

Signal signal_of(const std::string& name) {
  if (name == "logs") return Signal::kLogs;
  return name == "metrics" ? Signal::kMetrics : Signal::kTraces;
}

Result<Batch> batch_of(Signal signal, RequestFormat format, std::string request) {
  if (format == RequestFormat::kJson) return otlp::decode_json(signal, request);
  KOLBEN_TRY(const std::uint64_t items, otlp::check(signal, request));
  std::vector<WirePiece> pieces(1);
  pieces[0].message = Bytes::from_string(std::move(request));
  return Batch::from_wire(signal, std::move(pieces), items);
}

Status import_file(const std::string& path, const ImportOptions& options, Importer& importer) {
  const RequestFormat format =
      options.format == "json" ? RequestFormat::kJson : RequestFormat::kProtobuf;
  KOLBEN_TRY(RequestFile file, RequestFile::open(path, format));
  Progress progress("importing " + path);
  while (true) {
    KOLBEN_TRY(std::optional<std::string> request, file.next());
    if (!request) return Status::ok();
    Result<Batch> batch = batch_of(signal_of(options.signal), format, std::move(*request));
    if (!batch) return std::move(batch).error().with_context(file.place());
    if (!batch->empty()) KOLBEN_RETURN_IF_ERROR(importer.add(std::move(*batch)));
    progress.show(file.bytes_read(), file.size());
  }
}

int run_import(const std::string& data, const ImportOptions& options) {
  auto engine = open_or_make_store(data);
  if (!engine) return fail("import", engine.error());
  Importer importer(**engine);
  Status status;
  for (const std::string& path : options.files) {
    if (status.is_ok()) status = import_file(path, options, importer);
  }
  const Result<std::uint64_t> items = importer.finish();  // also what came before a mistake
  if (items) {
    std::fprintf(stderr, "%llu %s imported\n", static_cast<unsigned long long>(*items),
                 std::string(items_name(signal_of(options.signal))).c_str());
  }
  return finish("import", **engine, status.is_ok() ? items.status() : status);
}

}  // namespace

void add_store_import(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand(
      "import", "Take what `export` or the Collector's file exporter wrote; twice is as once");
  const auto data = add_data_option(*command);
  const auto options = std::make_shared<ImportOptions>();
  command->add_option("--format", options->format, "json (one request a line) or protobuf")
      ->check(CLI::IsMember({"json", "protobuf"}));
  command->add_option("signal", options->signal, "traces, logs or metrics")
      ->required()
      ->check(CLI::IsMember({"traces", "logs", "metrics"}));
  command->add_option("file", options->files, "The files; - for stdin")->required();
  command->callback([data, options, &exit_code] { exit_code = run_import(*data, *options); });
}

}  // namespace kolben::app
