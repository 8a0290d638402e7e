// kolben store compact: rewrites what can become smaller.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

int compact(const std::string& data) {
  auto engine = open_store(data);
  if (!engine) return fail("compact", engine.error());
  const std::uint64_t before = (*engine)->stats().disk_bytes;
  std::fprintf(stderr, "merging parts ...\n");
  const Status compacted = (*engine)->compact();
  const std::uint64_t after = (*engine)->stats().disk_bytes;
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
