// kolben store compact: rewrites what can become smaller.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/cli/progress.h"
#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

int compact(const std::string& data) {
  auto engine = open_store(data);
  if (!engine) return fail("compact", engine.error());
  const Status flushed = (*engine)->flush();
  if (!flushed) return finish("compact", **engine, flushed);
  const std::uint64_t before = part_bytes(**engine);
  Progress progress("merging parts");
  const Status compacted = (*engine)->compact(
      [&progress](std::size_t done, std::size_t all) { progress.show(done, all); });
  progress.clear();
  const std::uint64_t after = part_bytes(**engine);
  if (compacted.is_ok()) {
    std::printf("%llu bytes before, %llu now\n", static_cast<unsigned long long>(before),
                static_cast<unsigned long long>(after));
  }
  return finish("compact", **engine, compacted);
}

}  // namespace

void add_store_compact(CLI::App& store, int& exit_code) {
  CLI::App* command =
      store.add_subcommand("compact", "Merge small parts and give back the room of deleted rows");
  const auto data = add_data_option(*command);
  command->callback([data, &exit_code] { exit_code = compact(*data); });
}

}  // namespace kolben::app
