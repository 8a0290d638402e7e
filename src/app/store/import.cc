// kolben store import: takes what `kolben store export` or the Collector's file exporter wrote.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <utility>

#include "app/cli/progress.h"
#include "app/store/importer.h"
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
  std::uint32_t wait_seconds = 60;
};

Result<Batch> batch_of(Signal signal, RequestFormat format, std::string request) {
  if (format == RequestFormat::kJson) return otlp::decode_json(signal, request);
  KOLBEN_TRY(const std::uint64_t items, otlp::check(signal, request));
  std::vector<WirePiece> pieces(1);
  pieces[0].message = Bytes::from_string(std::move(request));
  return Batch::from_wire(signal, std::move(pieces), items);
}

Status import_file(const std::string& path, const ImportOptions& options, Progress& progress,
                   Importer& importer) {
  const RequestFormat format =
      options.format == "json" ? RequestFormat::kJson : RequestFormat::kProtobuf;
  KOLBEN_TRY(RequestFile file, RequestFile::open(path, format));
  bool holds_any = false;
  while (true) {
    KOLBEN_TRY(std::optional<std::string> request, file.next());
    if (!request) break;
    Result<Batch> batch = batch_of(signal_of(options.signal), format, std::move(*request));
    if (!batch) return std::move(batch).error().with_context(file.place());
    holds_any = holds_any || !batch->empty();
    if (!batch->empty()) KOLBEN_RETURN_IF_ERROR(importer.add(std::move(*batch)));
    progress.show(file.bytes_read(), file.size());
  }
  if (holds_any || file.bytes_read() == 0) return Status::ok();
  return invalid_argument(path + " holds no " + options.signal + "; is it another signal's?");
}

// "120 spans imported, 20 of them had been there"
void tell(const ImportOptions& options, std::uint64_t items, std::uint64_t copies) {
  std::string text = std::to_string(items) + " " +
                     std::string(items_name(signal_of(options.signal))) + " imported";
  if (copies > 0) text += ", " + std::to_string(copies) + " of them had been there";
  std::fprintf(stderr, "%s\n", text.c_str());
}

int run_import(const std::string& data, const ImportOptions& options) {
  auto engine = open_or_make_store(data);
  if (!engine) return fail("import", engine.error());
  Progress progress("importing " + options.signal);
  Importer importer(
      [&engine](Batch&& batch, storage::Store::OnDurable&& on_durable) {
        return (*engine)->write(std::move(batch), std::move(on_durable));
      },
      std::chrono::seconds(options.wait_seconds),
      [&progress](const Status& refusal) {
        progress.clear();
        std::fprintf(stderr, "waiting for the store: %s\n", std::string(refusal.message()).c_str());
      });
  Status status;
  for (const std::string& path : options.files) {
    if (status.is_ok()) status = import_file(path, options, progress, importer);
  }
  const Status finished = importer.finish();  // also what came before a mistake
  progress.clear();
  tell(options, importer.items(), (*engine)->stats().duplicates_dropped);
  return finish("import", **engine, status.is_ok() ? finished : status);
}

}  // namespace

void add_store_import(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand(
      "import", "Take what `export` or the Collector's file exporter wrote; spans are stored once");
  const auto data = add_data_option(*command);
  const auto options = std::make_shared<ImportOptions>();
  command->add_option("--format", options->format, "json (one request a line) or protobuf")
      ->check(CLI::IsMember({"json", "protobuf"}));
  command->add_option("signal", options->signal, "traces, logs or metrics")
      ->required()
      ->check(CLI::IsMember({"traces", "logs", "metrics"}));
  command
      ->add_option("--wait", options->wait_seconds,
                   "How long a store that refuses data may go on with that (default: 60)")
      ->type_name("SECONDS");
  command->add_option("file", options->files, "The files; - for stdin")->required();
  command->callback([data, options, &exit_code] { exit_code = run_import(*data, *options); });
}

}  // namespace kolben::app
