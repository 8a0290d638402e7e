// PartWriter: what the parts of all tables have in common while they are written: the tables of
// resources and scopes, the schema, the row groups, the footer. Bytes leave through `append`, in
// the order of the file. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/unique_function.h"
#include "model/resource.h"
#include "storage/engine/part/group_writer.h"

namespace kolben::storage::part {

// A resource or scope with its schema URL, as the part's tables hold them: encoded once, and
// numbered in the order in which they came.
class EntryTable {
 public:
  std::uint32_t number_of(std::string_view message, std::string_view schema_url);
  std::size_t size() const { return entries_.size(); }
  // The envelope of part.md: the uncompressed size and the zstd-compressed entries.
  std::string encode() const;

 private:
  std::vector<std::string> entries_;  // message and schema URL as texts
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

class PartWriter {
 public:
  using Append = UniqueFunction<Status(std::string_view bytes)>;

  PartWriter(Table table, Append append);
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  // Numbers for the columns `resource` and `scope`.
  std::uint32_t resource(const Resource& resource, std::string_view schema_url);
  std::uint32_t scope(const Scope& scope, std::string_view schema_url);
  // service.name of a resource that was numbered.
  const std::string& service(std::uint32_t resource) const { return services_[resource]; }

  PartSchema& schema() { return schema_; }
  PartFacts& facts() { return facts_; }
  PartBlocks& blocks() { return blocks_; }
  // Writes a block; where `append` fails, everything after does nothing and finish() says why.
  BlockRef write(std::string_view bytes);
  BlockSink& sink() { return sink_; }
  // Ends a row group: writes the chunks of `group` and enters it in the directory. `facts_` grow by
  // it.
  void add_group(GroupWriter& group, GroupFacts facts);
  std::size_t groups() const { return groups_.size(); }
  std::uint64_t bytes() const { return offset_; }

  // Resources, scopes, footer, trailer.
  Status finish();

 private:
  Append append_;
  Status failure_;
  std::uint64_t offset_ = 0;
  BlockSink sink_;
  PartFacts facts_;
  PartBlocks blocks_;
  PartSchema schema_;
  EntryTable resources_, scopes_;
  std::vector<std::string> services_;  // by number of the resource
  std::vector<std::string> groups_;    // encoded directories
  std::string scratch_;
};

// An envelope: the uncompressed size as a varint, then zstd. For tables that are read as a whole.
std::string pack_envelope(std::string_view bytes);
Result<std::string> open_envelope(std::string_view bytes);

}  // namespace kolben::storage::part
