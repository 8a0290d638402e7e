// Manifest: which parts are live, and how far into the log they reach (docs/formats/store.md).
// Plain data with a form on disk that is replaced as a whole. Pure but for read and write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/part/columns.h"

namespace kolben::storage::engine {

struct ManifestPart {
  std::uint64_t number = 0;
  part::Table table = part::Table::kSpans;
  std::uint32_t retention_class = 0;
  std::uint32_t merges = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t first_time = 0, last_time = 0;
  std::uint64_t first_received = 0, last_received = 0;
  std::uint64_t deleted_rows = 0;
  std::uint64_t deleted_number = 0;  // of the file that names them; only where there are any
  std::uint32_t deleted_crc = 0;

  friend bool operator==(const ManifestPart&, const ManifestPart&) = default;
};

struct Manifest {
  std::uint64_t covered = 0;
  std::uint64_t next_number = 1;
  std::vector<ManifestPart> parts;
  std::vector<std::string> classes;  // from 1 on

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string encode_manifest(const Manifest& manifest);
// DATA_LOSS where malformed or damaged.
Result<Manifest> decode_manifest(std::string_view bytes);

Result<Manifest> read_manifest(const DataDirectory& directory);
// After an error either the one before or this one is on the disk.
Status write_manifest(const DataDirectory& directory, const Manifest& manifest);

// "000017.part: 65536 spans of 2026-01-02 03:04:05 to 2026-01-02 03:05:00 UTC": for reports.
std::string describe(const ManifestPart& part);

}  // namespace kolben::storage::engine
