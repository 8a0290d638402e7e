// kolben store delete: removes spans and log records, of traces or by what they are.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/cli/progress.h"
#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

using storage::engine::Deleted;

struct DeleteOptions {
  std::vector<std::string> traces;
  std::vector<std::string> attributes;  // KEY=VALUE
  std::string service;
};

Result<std::vector<TraceId>> read_ids(const std::vector<std::string>& texts) {
  std::vector<TraceId> ids;
  for (const std::string& text : texts) {
    const auto id = TraceId::from_hex(text);
    if (!id) return invalid_argument("\"" + text + "\" is no trace id: 32 hexadecimal digits");
    ids.push_back(*id);
  }
  return ids;
}

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What is of the service and has all of the attributes.
Result<storage::Filter> filter_of(const DeleteOptions& options) {
  storage::And all;
  if (!options.service.empty()) {
    all.terms.push_back({storage::Compare{storage::Intrinsic::kServiceName,
                                          storage::Operator::kEqual, options.service}});
  }
  for (const std::string& attribute : options.attributes) {
    const std::size_t equals = attribute.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid_argument("\"" + attribute + "\" is no KEY=VALUE");
    }
    all.terms.push_back({storage::Compare{
        storage::Attribute{storage::AttributeScope::kAny, attribute.substr(0, equals)},
        storage::Operator::kEqual, attribute.substr(equals + 1)}});
  }
  return storage::Filter{std::move(all)};
}

Result<Deleted> delete_what_is_named(storage::engine::Engine& engine,
                                     const DeleteOptions& options) {
  KOLBEN_TRY(const std::vector<TraceId> ids, read_ids(options.traces));
  Deleted deleted;
  if (!ids.empty()) {
    KOLBEN_TRY(deleted, engine.delete_traces(ids));
  }
  if (options.service.empty() && options.attributes.empty()) return deleted;
  KOLBEN_TRY(const storage::Filter filter, filter_of(options));
  Progress progress("looking for what matches");
  KOLBEN_TRY(const Deleted more,
             engine.delete_matching(filter, {}, [&progress](std::size_t done, std::size_t all) {
               progress.show(done, all);
             }));
  return Deleted{deleted.spans + more.spans, deleted.log_records + more.log_records};
}

int run_delete(const std::string& data, const DeleteOptions& options) {
  if (options.traces.empty() && options.service.empty() && options.attributes.empty()) {
    return fail("delete", invalid_argument("say what: --trace, --service or --attribute"));
  }
  auto engine = open_store(data);
  if (!engine) return fail("delete", engine.error());
  const Result<Deleted> deleted = delete_what_is_named(**engine, options);
  if (deleted) {
    std::printf("%s and %s deleted; `kolben store compact` gives their room back\n",
                counted(deleted->spans, "span").c_str(),
                counted(deleted->log_records, "log record").c_str());
  }
  return finish("delete", **engine, deleted.status());
}

}  // namespace

void add_store_delete(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand("delete", "Delete spans and log records, for good");
  const auto data = add_data_option(*command);
  const auto options = std::make_shared<DeleteOptions>();
  command->add_option("--trace", options->traces, "All of a trace")->type_name("ID");
  command->add_option("--service", options->service, "All of a service")->type_name("NAME");
  command
      ->add_option("--attribute", options->attributes,
                   "What has this attribute (itself, its resource, scope, events, links)")
      ->type_name("KEY=VALUE");
  command->callback([data, options, &exit_code] { exit_code = run_delete(*data, *options); });
}

}  // namespace kolben::app
