// Services, operations, attribute keys and values: what the input fields offer.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "storage/engine/queries.h"
#include "storage/engine/raw_item.h"

namespace kolben::storage::engine {
namespace {

using Counts = std::unordered_map<std::string, std::uint64_t>;

// Most frequent first, then by name.
std::vector<std::string> most_frequent(const Counts& counts, std::string_view prefix,
                                       std::uint32_t limit) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [text, count] : counts) {
    if (std::string_view(text).substr(0, prefix.size()) == prefix) sorted.emplace_back(count, text);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (sorted.size() > limit) sorted.resize(limit);
  std::vector<std::string> texts;
  for (auto& [count, text] : sorted) texts.push_back(std::move(text));
  return texts;
}

// Fields that are in the catalogue of operations.
bool count_operations(const QueryContext& context, Intrinsic field, Counts& counts) {
  if (field != Intrinsic::kServiceName && field != Intrinsic::kName && field != Intrinsic::kKind) {
    return false;
  }
  for (const auto& view : context.views) {
    for (const OperationEntry& entry : view->operations) {
      const std::string_view text = field == Intrinsic::kServiceName ? view->services[entry.service]
                                    : field == Intrinsic::kName
                                        ? view->names[entry.name]
                                        : kind_text(static_cast<SpanKind>(entry.kind));
      counts[std::string(text)] += entry.spans;
    }
  }
  return true;
}

bool has_key(const SegmentView& view, const std::string& key) {
  return view.facts.keys_are_complete == 0 ||
         std::any_of(view.key_counts.begin(), view.key_counts.end(),
                     [&](const KeyEntry& entry) { return view.keys[entry.key] == key; });
}

// Looks at the newest rows of a segment, at most `rows_left` of them.
Status count_rows(QueryContext& context, const SegmentView& view, const Field& field,
                  std::uint64_t& rows_left, Counts& counts) {
  BodyReader bodies(context.cache);
  UniqueFunction<void(const Value&)> count([&counts](const Value& value) {
    std::string text = value_text(value);
    if (counts.size() < kValuesMax || counts.count(text) != 0) ++counts[std::move(text)];
  });
  for (std::size_t row = view.spans.size(); row-- > 0 && rows_left > 0; --rows_left) {
    if (row % kPageRows == 0 && !context.budget.check()) break;  // what was counted is an answer
    const ContextEntry* entry = view.context(view.spans.context[row]);
    if (entry == nullptr) continue;
    Result<std::string_view> body = bodies.body(view, entry->record);
    if (!body) return body.status();
    const RawItem span{part_of(*body, {view.spans.offset[row], view.spans.bytes[row]}),
                       part_of(*body, entry->resource), part_of(*body, entry->scope)};
    collect_values(span, field, count);
  }
  return Status::ok();
}

}  // namespace

std::vector<std::string> services(const QueryContext& context) {
  std::set<std::string_view> names;
  for (const auto& view : context.views) {
    for (const OperationEntry& entry : view->operations)
      names.insert(view->services[entry.service]);
  }
  return {names.begin(), names.end()};
}

std::vector<Operation> operations(const QueryContext& context, std::string_view service) {
  std::set<std::pair<std::string_view, std::uint32_t>> found;
  for (const auto& view : context.views) {
    for (const OperationEntry& entry : view->operations) {
      if (!service.empty() && view->services[entry.service] != service) continue;
      found.emplace(view->names[entry.name], entry.kind);
    }
  }
  std::vector<Operation> operations;
  for (const auto& [name, kind] : found) {
    operations.push_back({std::string(name), static_cast<SpanKind>(kind)});
  }
  return operations;
}

std::vector<KeyCount> keys(const QueryContext& context, std::string_view prefix,
                           std::uint32_t limit) {
  std::map<std::pair<std::string_view, std::uint32_t>, std::uint64_t> counts;
  for (const auto& view : context.views) {
    for (const KeyEntry& entry : view->key_counts) {
      const std::string_view key = view->keys[entry.key];
      if (key.substr(0, prefix.size()) == prefix) counts[{key, entry.scope}] += entry.count;
    }
  }
  std::vector<KeyCount> keys;
  for (const auto& [key, count] : counts) {
    keys.push_back({std::string(key.first), static_cast<AttributeScope>(key.second), count});
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const KeyCount& a, const KeyCount& b) { return a.count > b.count; });
  if (keys.size() > limit) keys.resize(limit);
  return keys;
}

Result<std::vector<std::string>> values(QueryContext& context, const Field& field,
                                        std::string_view prefix, std::uint32_t limit) {
  Counts counts;
  const auto* intrinsic = std::get_if<Intrinsic>(&field);
  if (intrinsic != nullptr) {
    if (*intrinsic == Intrinsic::kStatus) {
      for (const char* text : {"unset", "ok", "error"}) counts[text] = 1;
      return most_frequent(counts, prefix, limit);
    }
    if (count_operations(context, *intrinsic, counts)) return most_frequent(counts, prefix, limit);
  }
  const auto* attribute = std::get_if<Attribute>(&field);
  std::uint64_t rows_left = kValueRowsMax;
  for (auto view = context.views.rbegin(); view != context.views.rend() && rows_left > 0; ++view) {
    if (attribute != nullptr && !has_key(**view, attribute->key)) continue;
    KOLBEN_RETURN_IF_ERROR(count_rows(context, **view, field, rows_left, counts));
  }
  return most_frequent(counts, prefix, limit);
}

}  // namespace kolben::storage::engine
