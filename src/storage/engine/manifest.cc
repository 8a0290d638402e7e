#include "storage/engine/manifest.h"

#include <ctime>

#include "base/hash.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::engine {
namespace {

using part::Cursor;
using part::put_fixed;
using part::put_text;
using part::put_varint;

constexpr std::string_view kMagic = "KLBMANIF";
constexpr std::uint32_t kVersion = 1;
// A hundred bytes a part; more parts than any disk holds.
constexpr std::size_t kManifestBytesMax = 64 << 20;
constexpr std::size_t kPartBytesMin = 11;

void encode_part(const ManifestPart& part, std::string& out) {
  for (const std::uint64_t field :
       {part.number, std::uint64_t{static_cast<std::uint32_t>(part.table)},
        std::uint64_t{part.retention_class}, std::uint64_t{part.merges}, part.rows, part.bytes,
        part.first_time, part.last_time, part.first_received, part.last_received,
        part.deleted_rows}) {
    put_varint(out, field);
  }
  if (part.deleted_rows == 0) return;
  put_varint(out, part.deleted_number);
  put_fixed(out, part.deleted_crc);
}

ManifestPart decode_part(Cursor& in) {
  ManifestPart part;
  part.number = in.varint();
  part.table = static_cast<part::Table>(in.varint());
  part.retention_class = static_cast<std::uint32_t>(in.varint());
  part.merges = static_cast<std::uint32_t>(in.varint());
  part.rows = in.varint();
  part.bytes = in.varint();
  part.first_time = in.varint();
  part.last_time = in.varint();
  part.first_received = in.varint();
  part.last_received = in.varint();
  part.deleted_rows = in.varint();
  if (part.deleted_rows == 0) return part;
  part.deleted_number = in.varint();
  part.deleted_crc = in.fixed<std::uint32_t>();
  return part;
}

std::string utc(std::uint64_t unix_nanos) {
  const auto seconds = static_cast<std::time_t>(unix_nanos / 1'000'000'000);
  std::tm fields{};
  char text[32] = {};
  if (gmtime_r(&seconds, &fields) == nullptr) return std::to_string(unix_nanos);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields);
  return text;
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
  std::string out(kMagic);
  put_fixed(out, kVersion);
  put_varint(out, manifest.covered);
  put_varint(out, manifest.next_number);
  put_varint(out, manifest.parts.size());
  for (const ManifestPart& part : manifest.parts) encode_part(part, out);
  put_varint(out, manifest.classes.size());
  for (const std::string& name : manifest.classes) put_text(out, name);
  put_fixed(out, crc32c(out));
  return out;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  constexpr std::size_t kCrcBytes = sizeof(std::uint32_t);
  if (bytes.size() < kMagic.size() + 2 * kCrcBytes || !bytes.starts_with(kMagic)) {
    return data_loss("it is no manifest");
  }
  const std::string_view checked = bytes.substr(0, bytes.size() - kCrcBytes);
  Cursor crc(bytes.substr(checked.size()));
  if (crc.fixed<std::uint32_t>() != crc32c(checked)) return data_loss("its checksum is wrong");
  Cursor in(checked.substr(kMagic.size()));
  if (in.fixed<std::uint32_t>() != kVersion) {
    return failed_precondition("it is of another version; use the kolben that wrote it");
  }
  Manifest manifest;
  manifest.covered = in.varint();
  manifest.next_number = in.varint();
  for (std::size_t parts = in.count(kPartBytesMin); parts > 0; --parts) {
    manifest.parts.push_back(decode_part(in));
  }
  for (std::size_t classes = in.count(1); classes > 0; --classes) {
    manifest.classes.emplace_back(in.text());
  }
  if (!in.is_done()) return data_loss("it is malformed");
  return manifest;
}

Result<Manifest> read_manifest(const DataDirectory& directory) {
  const Result<std::string> bytes =
      read_file(directory.files(), directory.manifest_path(), kManifestBytesMax);
  if (!bytes) return bytes.error();
  Result<Manifest> manifest = decode_manifest(*bytes);
  if (!manifest) return std::move(manifest).error().with_context(directory.manifest_path());
  return manifest;
}

Status write_manifest(const DataDirectory& directory, const Manifest& manifest) {
  const std::string bytes = encode_manifest(manifest);
  const std::string_view slice = bytes;
  return replace_file(directory.files(), directory.manifest_path(), {&slice, 1});
}

std::string describe(const ManifestPart& part) {
  std::string name = std::to_string(part.number);
  name.insert(0, name.size() < 6 ? 6 - name.size() : 0, '0');
  const char* what = part.table == part::Table::kSpans  ? " spans of "
                     : part.table == part::Table::kLogs ? " log records of "
                                                        : " metric points of ";
  return name + ".part: " + std::to_string(part.rows) + what + utc(part.first_time) + " to " +
         utc(part.last_time) + " UTC";
}

}  // namespace kolben::storage::engine
