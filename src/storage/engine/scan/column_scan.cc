#include "storage/engine/scan/column_scan.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "storage/engine/part/filter.h"
#include "storage/engine/scan/code_hits.h"

namespace kolben::storage::scan {
namespace {

using part::Chunk;
using part::ChunkForm;
using part::NumberColumn;
using part::RowGroup;
using part::TextColumn;

// A byte for each value: 1 where it is in [least, least + width]. In steps of a fixed number, which
// the compiler vectorises.
template <typename T>
void test_range(std::span<const T> values, T least, T width, std::uint8_t* __restrict hits) {
  constexpr std::size_t kStep = 64;
  std::size_t i = 0;
  for (; i + kStep <= values.size(); i += kStep) {
    const T* step = values.data() + i;
    for (std::size_t j = 0; j < kStep; ++j) {
      hits[i + j] = static_cast<T>(step[j] - least) <= width ? 1 : 0;
    }
  }
  for (; i < values.size(); ++i) hits[i] = static_cast<T>(values[i] - least) <= width ? 1 : 0;
}

}  // namespace

Result<ColumnScan> ColumnScan::open(RowGroup& group, std::uint32_t column, const ValueTest& test,
                                    bool is_text) {
  ColumnScan scan;
  scan.test_ = &test;
  scan.column_ = column;
  scan.is_text_ = is_text;
  const Chunk* chunk = group.directory().find(column);
  if (chunk == nullptr) return scan;
  scan.values_ = chunk->values;
  if (chunk->values == 0 || test.kind() == ValueTest::Kind::kNone) return scan;
  if (test.kind() == ValueTest::Kind::kAll) {
    scan.outcome_ = Outcome::kAll;
    return scan;
  }
  KOLBEN_RETURN_IF_ERROR(is_text ? scan.open_texts(group, *chunk)
                                 : scan.open_numbers(group, *chunk));
  return scan;
}

Status ColumnScan::open_numbers(RowGroup& group, const Chunk& chunk) {
  const bool is_range = test_->kind() == ValueTest::Kind::kRange;
  if (is_range) {
    if (chunk.greatest < test_->least() || chunk.least > test_->greatest()) return Status::ok();
    if (chunk.least >= test_->least() && chunk.greatest <= test_->greatest()) {
      outcome_ = Outcome::kAll;
      return Status::ok();
    }
  }
  outcome_ = Outcome::kSome;
  if (chunk.form == ChunkForm::kPlain) return Status::ok();
  KOLBEN_TRY(const NumberColumn* numbers, group.number_dictionary(column_));
  const auto& entries = numbers->entries;
  if (!is_range) {
    ask_entries(entries, [this](std::uint64_t stored) { return test_->number(stored); });
    return Status::ok();
  }
  const auto begin = std::lower_bound(entries.begin(), entries.end(), test_->least());
  const auto end = std::upper_bound(begin, entries.end(), test_->greatest());
  set_codes(static_cast<std::size_t>(begin - entries.begin()),
            static_cast<std::size_t>(end - entries.begin()), entries.size());
  return Status::ok();
}

Status ColumnScan::open_texts(RowGroup& group, const Chunk& chunk) {
  outcome_ = Outcome::kSome;
  if (chunk.form == ChunkForm::kPlain) {
    if (const std::string* required = test_->required_text()) {
      return look_for(*required, group, chunk);
    }
    const std::string* wanted = test_->equal_text();
    if (wanted == nullptr || !chunk.filter.is_there()) return Status::ok();
    KOLBEN_TRY(const Bytes filter, group.part().source().read(chunk.filter));
    if (!part::filter_may_contain(filter.view(), part::filter_hash(*wanted))) {
      outcome_ = Outcome::kNone;
    }
    return Status::ok();
  }
  KOLBEN_TRY(const TextColumn* texts, group.text_dictionary(column_));
  const auto& entries = texts->entries.values;
  if (test_->kind() != ValueTest::Kind::kRange) {
    ask_entries(entries, [this](std::string_view stored) { return test_->text(stored); });
    return Status::ok();
  }
  const auto [begin, end] = test_->range_of(entries);
  set_codes(begin, end, entries.size());
  return Status::ok();
}

// Whether a text is anywhere among the values, one behind the other.
Status ColumnScan::look_for(const std::string& text, RowGroup& group, const Chunk& chunk) {
  KOLBEN_TRY(const std::optional<Bytes> values, load_joined(group.part().source(), chunk));
  if (!values) return Status::ok();
  const bool is_there =
      values->size() >= text.size() &&
      ::memmem(values->data(), values->size(), text.data(), text.size()) != nullptr;
  if (!is_there) outcome_ = Outcome::kNone;
  return Status::ok();
}

void ColumnScan::set_codes(std::size_t begin, std::size_t end, std::size_t entries) {
  first_code_ = static_cast<std::uint32_t>(begin);
  codes_ = static_cast<std::uint32_t>(end - begin);
  outcome_ = codes_ == 0 ? Outcome::kNone : codes_ == entries ? Outcome::kAll : Outcome::kSome;
}

template <typename Column, typename Ask>
void ColumnScan::ask_entries(const Column& entries, Ask ask) {
  by_code_.resize(entries.size());
  std::size_t satisfied = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    by_code_[i] = ask(entries[i]) ? 1 : 0;
    satisfied += by_code_[i];
  }
  outcome_ = satisfied == 0                ? Outcome::kNone
             : satisfied == entries.size() ? Outcome::kAll
                                           : Outcome::kSome;
}

void ColumnScan::hits_of_codes(std::span<const std::uint32_t> codes, std::uint8_t* hits) const {
  if (!by_code_.empty()) {
    for (std::size_t i = 0; i < codes.size(); ++i) hits[i] = by_code_[codes[i]];
    return;
  }
  if (codes_ == 0) return;
  test_range<std::uint32_t>(codes, first_code_, codes_ - 1, hits);
}

Status ColumnScan::read_hits(RowGroup& group, std::size_t padding,
                             std::vector<std::uint8_t>& hits) {
  hits.assign(values_ + padding, 0);
  return is_text_ ? read_text_hits(group, hits.data()) : read_number_hits(group, hits.data());
}

Result<bool> ColumnScan::read_byte_hits(RowGroup& group, std::uint8_t* hits) const {
  KOLBEN_TRY(const std::span<const std::uint8_t> codes, group.code_bytes(column_));
  if (codes.empty()) return false;
  if (!by_code_.empty()) {
    match_codes(codes, by_code_, hits);
  } else if (codes_ > 0) {
    test_range(codes, static_cast<std::uint8_t>(first_code_), static_cast<std::uint8_t>(codes_ - 1),
               hits);
  }
  return true;
}

Status ColumnScan::read_text_hits(RowGroup& group, std::uint8_t* hits) {
  KOLBEN_TRY(const bool is_done, read_byte_hits(group, hits));
  if (is_done) return Status::ok();
  KOLBEN_TRY(const TextColumn* texts, group.texts(column_));
  if (texts->has_dictionary) {
    hits_of_codes(texts->codes, hits);
    return Status::ok();
  }
  const std::string* wanted = test_->equal_text();
  for (std::uint32_t i = 0; i < values_; ++i) {
    const std::string_view text = texts->entries.values[i];
    hits[i] = (wanted != nullptr ? text == *wanted : test_->text(text)) ? 1 : 0;
  }
  return Status::ok();
}

Status ColumnScan::read_number_hits(RowGroup& group, std::uint8_t* hits) {
  KOLBEN_TRY(const bool is_done, read_byte_hits(group, hits));
  if (is_done) return Status::ok();
  const bool is_range = test_->kind() == ValueTest::Kind::kRange;
  if (is_range && test_->least() <= UINT32_MAX) {
    KOLBEN_TRY(const std::span<const std::uint32_t> narrow, group.narrow_numbers(column_));
    if (!narrow.empty()) {
      const auto least = static_cast<std::uint32_t>(test_->least());
      const std::uint64_t greatest = std::min<std::uint64_t>(test_->greatest(), UINT32_MAX);
      test_range(narrow, least, static_cast<std::uint32_t>(greatest) - least, hits);
      return Status::ok();
    }
  }
  KOLBEN_TRY(const NumberColumn* numbers, group.numbers(column_));
  if (numbers->has_dictionary) {
    hits_of_codes(numbers->codes, hits);
  } else if (is_range) {
    test_range<std::uint64_t>(numbers->entries, test_->least(), test_->greatest() - test_->least(),
                              hits);
  } else {
    for (std::uint32_t i = 0; i < values_; ++i) hits[i] = test_->number(numbers->entries[i]);
  }
  return Status::ok();
}

}  // namespace kolben::storage::scan
