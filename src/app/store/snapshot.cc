// kolben store snapshot: a copy of the store, made of links.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

int snapshot(const std::string& data, const std::string& path) {
  auto engine = open_store(data);
  if (!engine) return fail("snapshot", engine.error());
  Status saved = (*engine)->flush();
  if (saved.is_ok()) saved = (*engine)->save(path);
  if (saved.is_ok()) {
    std::printf("%s is a store of its own now: open it with --data, or move it away\n",
                path.c_str());
  }
  return finish("snapshot", **engine, saved);
}

}  // namespace

void add_store_snapshot(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand(
      "snapshot", "Make a copy in a new directory of the same disk, which takes no room at first");
  const auto data = add_data_option(*command);
  const auto path = std::make_shared<std::string>();
  command->add_option("directory", *path, "Where the copy goes")->required();
  command->callback([data, path, &exit_code] { exit_code = snapshot(*data, *path); });
}

}  // namespace kolben::app
