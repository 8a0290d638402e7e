// kolben store check: is every byte as it was written?

#include "storage/engine/check.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/cli/progress.h"
#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

int check(const std::string& data, const storage::engine::CheckOptions& options) {
  Progress progress("checking parts");
  const auto checked = storage::engine::check_store(
      system_file_system(), store_path(data), options,
      [&progress](std::size_t done, std::size_t all) { progress.show(done, all); });
  progress.clear();
  if (!checked) return fail("check", checked.error());
  for (const std::string& line : checked->damaged) std::printf("%s\n", line.c_str());
  if (checked->damaged.empty()) {
    std::printf("%zu parts, all as they were written\n", checked->parts);
    return 0;
  }
  for (const std::string& name : checked->unlisted) {
    std::printf("%s: in no manifest; set aside too, as a damaged part may have been made of it\n",
                name.c_str());
  }
  if (checked->is_repaired) {
    std::printf("repaired: %zu of %zu parts set aside in damaged/; the store opens without them\n",
                checked->damaged_parts, checked->parts);
    return 0;
  }
  std::printf(
      "%zu of %zu parts are damaged; --repair sets them aside, makes a damaged manifest anew "
      "and keeps the rest\n",
      checked->damaged_parts, checked->parts);
  return 1;
}

}  // namespace

void add_store_check(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand("check", "Read every byte and name what is damaged");
  const auto data = add_data_option(*command);
  const auto options = std::make_shared<storage::engine::CheckOptions>();
  command->add_flag("!--quick", options->thorough, "Look at the parts' footers only");
  command->add_flag("--repair", options->repair, "Set damaged parts aside, and say what they held");
  command->callback([data, options, &exit_code] { exit_code = check(*data, *options); });
}

}  // namespace kolben::app
