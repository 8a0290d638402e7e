#include "storage/engine/scan/attribute_scan.h"

#include <algorithm>
#include <string>

#include "base/arena.h"
#include "otlp/fragments.h"
#include "storage/engine/scan/spread_hits.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;
using part::RowGroup;

bool is_stored_as_text(ColumnType type) {
  return !part::is_number(type) && type != ColumnType::kEmpty;
}

std::size_t items_in(RowGroup& group, part::Place place) {
  if (place == part::Place::kRow) return group.rows();
  const part::Chunk* shapes =
      group.directory().find(place == part::Place::kEvent ? part::span_column::kEventShape
                                                          : part::span_column::kLinkShape);
  return shapes == nullptr ? 0 : shapes->values;
}

void to_rows(const Selection& items, std::span<const std::uint32_t> item_rows, Selection& rows) {
  items.for_each([&](std::uint32_t item) { rows.set(item_rows[item]); });
}

}  // namespace

Result<Prospect> AttributeScan::prepare(RowGroup& group) {
  Prospect prospect;
  const std::vector<KeyColumn> candidates = std::move(keys_);
  keys_.clear();
  if (items_in(group, place_) == 0) return prospect;
  for (const KeyColumn& key : candidates) {
    const part::Chunk* chunk = group.directory().find(key.column);
    if (chunk == nullptr || chunk->values == 0) continue;
    KOLBEN_TRY(ColumnScan column, ColumnScan::open(group, key.column, plan_.test(key.type),
                                                   is_stored_as_text(key.type)));
    const bool may_satisfy = column.outcome() != Outcome::kNone || key.type == ColumnType::kRest;
    prospect.there = Outcome::kSome;
    if (may_satisfy) prospect.satisfied = Outcome::kSome;
    keys_.push_back(key);
    columns_.push_back(std::move(column));
  }
  return prospect;
}

bool AttributeScan::may_satisfy() const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].outcome() != Outcome::kNone || keys_[i].type == ColumnType::kRest) return true;
  }
  return false;
}

Status AttributeScan::find(RowGroup& group, std::span<const std::uint32_t> item_rows,
                           Found& found) {
  if (keys_.empty()) return Status::ok();
  if (place_ == part::Place::kRow) return find_items(group, found);
  Found items(item_rows.size(), found.wants_there);
  KOLBEN_RETURN_IF_ERROR(find_items(group, items));
  to_rows(items.satisfied, item_rows, found.satisfied);
  if (found.wants_there) to_rows(items.there, item_rows, found.there);
  return Status::ok();
}

Status AttributeScan::find_items(RowGroup& group, Found& items) {
  if (!items.wants_there && !may_satisfy()) return Status::ok();
  std::vector<std::uint32_t> numbers;
  for (const KeyColumn& key : keys_) numbers.push_back(key.column);
  KOLBEN_TRY(const ShapesWalk walk, ShapesWalk::open(group, place_, numbers));
  if (walk.items() != items.satisfied.rows()) {
    return data_loss("row group " + std::to_string(group.index()) + " has rows without a shape");
  }
  const bool has_rest = std::any_of(keys_.begin(), keys_.end(), [](const KeyColumn& key) {
    return key.type == ColumnType::kRest;
  });
  return walk.is_simple() && !has_rest ? find_simple(group, walk, items)
                                       : find_first(group, walk, items);
}

Status AttributeScan::find_simple(RowGroup& group, const ShapesWalk& walk, Found& items) {
  std::vector<std::uint8_t> hits;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (items.wants_there) walk.spread_all(i, items.there);
    if (columns_[i].outcome() == Outcome::kNone) continue;
    if (columns_[i].outcome() == Outcome::kAll) {
      walk.spread_all(i, items.satisfied);
      continue;
    }
    KOLBEN_RETURN_IF_ERROR(columns_[i].read_hits(group, walk.items() + kHitsPadding, hits));
    walk.spread(i, hits, items.satisfied);
  }
  return Status::ok();
}

Status AttributeScan::find_first(RowGroup& group, const ShapesWalk& walk, Found& items) {
  const std::string& key = std::get<Attribute>(plan_.condition->field()).key;
  std::vector<std::vector<PairVerdict>> verdicts(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (keys_[i].type == ColumnType::kRest) {
      KOLBEN_TRY(verdicts[i], pair_verdicts(group, columns_[i].column(), key, *plan_.condition));
      continue;
    }
    verdicts[i].assign(columns_[i].values(), columns_[i].outcome() == Outcome::kAll
                                                 ? PairVerdict::kSatisfied
                                                 : PairVerdict::kUnsatisfied);
    if (columns_[i].outcome() != Outcome::kSome) continue;
    std::vector<std::uint8_t> hits;
    KOLBEN_RETURN_IF_ERROR(columns_[i].read_hits(group, 0, hits));
    for (std::size_t value = 0; value < hits.size(); ++value) {
      if (hits[value] != 0) verdicts[i][value] = PairVerdict::kSatisfied;
    }
  }
  walk.for_each([&](std::uint32_t item, std::uint32_t column, std::uint32_t value) {
    if (value >= verdicts[column].size()) return true;
    const PairVerdict verdict = verdicts[column][value];
    if (verdict == PairVerdict::kOtherKey) return false;
    if (items.wants_there) items.there.set(item);
    if (verdict == PairVerdict::kSatisfied) items.satisfied.set(item);
    return true;
  });
  return Status::ok();
}

Result<std::vector<PairVerdict>> pair_verdicts(RowGroup& group, std::uint32_t column,
                                               const std::string& key, const Condition& condition) {
  KOLBEN_TRY(const part::TextColumn* texts, group.texts(column));
  std::vector<PairVerdict> of_entries;
  for (const std::string_view message : texts->entries.values) {
    Arena arena;
    KeyValue pair;
    if (!otlp::decode_fragment(message, pair, arena)) {
      return data_loss("row group " + std::to_string(group.index()) +
                       " holds a malformed attribute");
    }
    of_entries.push_back(pair.key != key                         ? PairVerdict::kOtherKey
                         : condition.is_satisfied_by(pair.value) ? PairVerdict::kSatisfied
                                                                 : PairVerdict::kUnsatisfied);
  }
  if (!texts->has_dictionary) return of_entries;
  std::vector<PairVerdict> verdicts(texts->size, PairVerdict::kOtherKey);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    verdicts[i] = of_entries[texts->codes.empty() ? 0 : texts->codes[i]];
  }
  return verdicts;
}

}  // namespace kolben::storage::scan
