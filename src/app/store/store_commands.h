// `kolben store …`: looking at, moving and mending a store that no process has open. A file each.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/engine/engine.h"

namespace CLI {
class App;
}

namespace kolben::app {

void add_store_check(CLI::App& store, int& exit_code);
void add_store_stats(CLI::App& store, int& exit_code);
void add_store_compact(CLI::App& store, int& exit_code);
void add_store_export(CLI::App& store, int& exit_code);
void add_store_import(CLI::App& store, int& exit_code);
void add_store_delete(CLI::App& store, int& exit_code);
void add_store_snapshot(CLI::App& store, int& exit_code);

// Adds --data, as `kolben up` has it; the string lives as long as the command.
std::shared_ptr<std::string> add_data_option(CLI::App& command);
// The directory that is meant: --data, $KOLBEN_DATA_DIR, the XDG data home.
std::string store_path(const std::string& data_option);
// Opens a store that is there already: a wrong path shall not make an empty one.
Result<std::unique_ptr<storage::engine::Engine>> open_store(const std::string& data_option);

// What its parts take; the log that it has open takes more only until it is closed.
std::uint64_t part_bytes(const storage::engine::Engine& engine);

// The same, or a new one.
Result<std::unique_ptr<storage::engine::Engine>> open_or_make_store(const std::string& data_option);

// "traces", "logs" or "metrics", as `export` and `import` take them.
Signal signal_of(const std::string& name);

// "kolben store export: …" on stderr; returns 1.
int fail(const char* command, const Status& status);
// Closes the store, and `status` first where it failed; the exit code.
int finish(const char* command, storage::engine::Engine& engine, const Status& status);

}  // namespace kolben::app
