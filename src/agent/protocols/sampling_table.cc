#include "agent/protocols/sampling_table.h"

#include <cstring>

namespace kolben::agent {
namespace {

// The segment that begins at `at`, up to the next '/'.
std::size_t segment_end(const Operation& name, std::size_t at) {
  while (at < name.size && name.name[at] != '/') ++at;
  return at;
}

bool is_placeholder(const char* segment, std::size_t size) {
  if (size == 0) return false;
  const char last = segment[size - 1];
  switch (segment[0]) {
    case '*':
      return size == 1;
    case '{':
      return last == '}';
    case '<':
      return last == '>';
    case ':':
      return size > 1;
    default:
      return false;
  }
}

bool are_same(const Operation& left, const Operation& right) {
  return left.size == right.size && std::memcmp(left.name, right.name, left.size) == 0;
}

// `before`: what has held of the same; null: nothing.
void fill(SamplingRule& rule, const SamplingRule* before, std::uint64_t below,
          std::uint64_t period_nanos, std::uint64_t burst_nanos) {
  rule.below = below;
  rule.period_nanos = period_nanos;
  rule.burst_nanos = burst_nanos;
  const std::uint64_t next =
      before == nullptr ? 0 : before->next_nanos.load(std::memory_order_relaxed);
  rule.next_nanos.store(next, std::memory_order_relaxed);
}

// The operation of this number; false: it is not within the names.
bool read_name(const SamplingRules& rules, std::uint32_t number, Operation* name) {
  const std::uint32_t begin = rules.begins[number].load(std::memory_order_relaxed);
  const std::uint32_t size = rules.sizes[number].load(std::memory_order_relaxed);
  if (begin + size > SamplingRules::kNamesBytesMax) return false;
  *name = {rules.names + begin, size};
  return true;
}

}  // namespace

bool SamplingRule::take(std::uint64_t now_nanos) {
  std::uint64_t next = next_nanos.load(std::memory_order_relaxed);
  while (true) {
    // Further away it is only where the clock was put back: what was spent then does not count.
    const bool is_saved_up = next > now_nanos && next - now_nanos <= burst_nanos;
    const std::uint64_t from = is_saved_up ? next : now_nanos;
    if (from - now_nanos + period_nanos > burst_nanos) return false;
    if (next_nanos.compare_exchange_weak(next, from + period_nanos, std::memory_order_relaxed)) {
      return true;
    }
  }
}

Operation operation_of(const std::uint8_t* head, std::size_t size) {
  const auto* text = reinterpret_cast<const char*>(head);
  std::size_t end = 0;
  while (end < size && text[end] != ' ') ++end;
  if (end < size) ++end;
  while (end < size && text[end] != ' ' && text[end] != '?' && text[end] != '\r' &&
         text[end] != '\n') {
    ++end;
  }
  return {text, end};
}

bool is_operation(const Operation& strategy, const Operation& begun) {
  std::size_t here = 0;
  std::size_t there = 0;
  while (true) {
    const std::size_t here_end = segment_end(strategy, here);
    const std::size_t there_end = segment_end(begun, there);
    const Operation mine{strategy.name + here, here_end - here};
    const Operation theirs{begun.name + there, there_end - there};
    // The first segment is the method.
    const bool is_any = here != 0 && theirs.size != 0 && is_placeholder(mine.name, mine.size);
    if (!is_any && !are_same(mine, theirs)) return false;
    const bool is_over = here_end == strategy.size;
    if (is_over != (there_end == begun.size)) return false;
    if (is_over) return true;
    here = here_end + 1;
    there = there_end + 1;
  }
}

SamplingRule& SamplingRules::rule_of(const Operation& begun) {
  if (begun.size == 0) return others;
  SamplingRule* found = &others;
  const std::uint32_t operations = count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < operations && i < kOperationsMax; ++i) {
    Operation name;
    if (!read_name(*this, i, &name)) continue;
    if (are_same(name, begun)) return rules[i];
    if (found == &others && is_operation(name, begun)) found = &rules[i];
  }
  return *found;
}

const SamplingRule* SamplingRules::rule_named(const Operation& wanted) const {
  const std::uint32_t operations = count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < operations && i < kOperationsMax; ++i) {
    Operation name;
    if (read_name(*this, i, &name) && are_same(name, wanted)) return &rules[i];
  }
  return nullptr;
}

SamplingWriter::SamplingWriter(SamplingTable& table)
    : table_(table),
      shown_(table.rules()),
      half_(table.current_.load(std::memory_order_relaxed) == 1 ? 2 : 1),
      rules_(table.halves_[half_ - 1]) {
  rules_.count.store(0, std::memory_order_relaxed);
  others(0);
}

void SamplingWriter::others(std::uint64_t below, std::uint64_t period_nanos,
                            std::uint64_t burst_nanos) {
  fill(rules_.others, shown_ == nullptr ? nullptr : &shown_->others, below, period_nanos,
       burst_nanos);
}

bool SamplingWriter::add(const Operation& operation, std::uint64_t below,
                         std::uint64_t period_nanos, std::uint64_t burst_nanos) {
  const bool has_room = count_ < SamplingRules::kOperationsMax &&
                        operation.size <= SamplingRules::kNamesBytesMax - names_size_;
  if (!has_room) return false;
  std::memcpy(rules_.names + names_size_, operation.name, operation.size);
  rules_.begins[count_].store(static_cast<std::uint16_t>(names_size_), std::memory_order_relaxed);
  rules_.sizes[count_].store(static_cast<std::uint16_t>(operation.size), std::memory_order_relaxed);
  const SamplingRule* before = shown_ == nullptr ? nullptr : shown_->rule_named(operation);
  fill(rules_.rules[count_], before, below, period_nanos, burst_nanos);
  names_size_ += static_cast<std::uint32_t>(operation.size);
  ++count_;
  return true;
}

void SamplingWriter::show() {
  rules_.count.store(count_, std::memory_order_relaxed);
  table_.current_.store(half_, std::memory_order_release);
}

SamplingTable* sampling_table(void* memory, std::size_t size) {
  return size < sizeof(SamplingTable) ? nullptr : static_cast<SamplingTable*>(memory);
}

}  // namespace kolben::agent
