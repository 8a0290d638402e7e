#include "storage/engine/table_merge.h"

#include <string>

namespace kolben::storage::engine {
namespace {

// What a row group takes decoded, compared with its blocks.
constexpr std::uint64_t kExpansion = 6;
constexpr std::uint64_t kRowBytes = 100;

}  // namespace

Result<std::uint32_t> EntryNumbers::resource(std::uint64_t number, part::PartWriter& to) {
  if (number >= resources_.size()) return data_loss("a row names a resource that is not there");
  std::uint32_t& known = resources_[number];
  if (known == UINT32_MAX) {
    const part::ResourceEntry& entry = from_.resources()[number];
    known = to.resource(entry.resource, entry.schema_url);
  }
  return known;
}

Result<std::uint32_t> EntryNumbers::scope(std::uint64_t number, part::PartWriter& to) {
  if (number >= scopes_.size()) return data_loss("a row names a scope that is not there");
  std::uint32_t& known = scopes_[number];
  if (known == UINT32_MAX) {
    const part::ScopeEntry& entry = from_.scopes()[number];
    known = to.scope(entry.scope, entry.schema_url);
  }
  return known;
}

std::uint64_t memory_of(const part::GroupDirectory& directory) {
  std::uint64_t bytes = 0;
  for (const part::Chunk& chunk : directory.chunks) {
    bytes += std::uint64_t{chunk.dictionary.bytes} + chunk.data.bytes;
  }
  return bytes * kExpansion + directory.facts.rows * kRowBytes;
}

void note_inputs(const std::vector<StoredPart>& inputs, std::size_t count, part::PartFacts& facts) {
  for (std::size_t input = 0; input < count; ++input) {
    const part::PartFacts& from = inputs[input].part->facts();
    facts.first_received = std::min(facts.first_received, from.first_received);
    facts.last_received = std::max(facts.last_received, from.last_received);
    facts.last_sequence = std::max(facts.last_sequence, from.last_sequence);
    facts.retention_class = from.retention_class;
  }
}

Status check_account(std::uint64_t rows, std::uint64_t accounted) {
  if (accounted == rows) return Status::ok();
  return internal_error("a merge of " + std::to_string(rows) + " rows accounts for " +
                        std::to_string(accounted));
}

Result<Merged> finish_merge(const std::vector<StoredPart>& inputs, std::size_t count,
                            PartOutput* output) {
  Merged merged;
  BuiltPart built;
  for (std::size_t input = 0; input < count; ++input) {
    merged.inputs.push_back(inputs[input].facts.number);
    built.merges = std::max(built.merges, inputs[input].facts.merges + 1);
  }
  if (output == nullptr) return merged;
  KOLBEN_TRY(built.part, output->finish());
  built.number = output->number();
  merged.parts.push_back(std::move(built));
  return merged;
}

}  // namespace kolben::storage::engine
