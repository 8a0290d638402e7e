// Services, operations, attribute keys and values: what the input fields offer.
#include <algorithm>
#include <map>
#include <set>

#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/value_counts.h"

namespace kolben::storage::scan {
namespace {

// Rows, the newest, that are looked at for values that no table has.
constexpr std::uint64_t kValueRowsMax = 2'000'000;

using Keys = std::map<std::pair<std::string_view, AttributeScope>, std::uint64_t>;

// Of resources and scopes only the tables are looked at: their keys count as if rows were spread
// evenly over the entries.
template <typename Entries, typename AttributesOf>
void add_table_keys(const Entries& entries, AttributesOf attributes_of, AttributeScope scope,
                    std::uint64_t rows, std::string_view prefix, Keys& keys) {
  Keys here;
  for (const auto& entry : entries) {
    for (const KeyValue& attribute : attributes_of(entry)) {
      if (attribute.key.substr(0, prefix.size()) == prefix) ++here[{attribute.key, scope}];
    }
  }
  for (const auto& [key, times] : here) {
    keys[key] += std::max<std::uint64_t>(
        1, rows * std::min<std::uint64_t>(times, entries.size()) / entries.size());
  }
}

void add_keys(const part::Part& part, std::string_view prefix, Keys& keys) {
  for (const part::AttributeColumn& column : part.columns()) {
    // Parts of before have columns without a value, of keys whose values are in `rest`.
    if (column.type == part::ColumnType::kRest || column.values == 0) continue;
    if (std::string_view(column.key).substr(0, prefix.size()) != prefix) continue;
    keys[{column.key, scope_of(column.place)}] += column.values;
  }
  add_table_keys(
      part.resources(), [](const part::ResourceEntry& entry) { return entry.resource.attributes; },
      AttributeScope::kResource, part.facts().rows, prefix, keys);
  add_table_keys(
      part.scopes(), [](const part::ScopeEntry& entry) { return entry.scope.attributes; },
      AttributeScope::kScope, part.facts().rows, prefix, keys);
}

std::vector<KeyCount> keys_of(const std::vector<LivePart>& parts, std::string_view prefix,
                              std::uint32_t limit) {
  Keys counts;
  for (const LivePart& live : parts) add_keys(*live.part, prefix, counts);
  std::vector<KeyCount> keys;
  for (const auto& [key, count] : counts) {
    keys.push_back({std::string(key.first), key.second, count});
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const KeyCount& a, const KeyCount& b) { return a.count > b.count; });
  if (keys.size() > limit) keys.resize(limit);
  return keys;
}

// Of fields that the tables of operations have.
Result<std::vector<std::string>> operation_values(const Context& context, Intrinsic field,
                                                  std::string_view prefix, std::uint32_t limit) {
  std::map<std::string, std::uint64_t> counts;
  for (const LivePart& live : context.snapshot.spans) {
    KOLBEN_TRY(const std::vector<part::OperationCount> operations, live.part->operations());
    for (const part::OperationCount& operation : operations) {
      const std::string_view value = field == Intrinsic::kServiceName ? operation.service
                                     : field == Intrinsic::kName      ? operation.name
                                                                      : kind_text(operation.kind);
      if (value.substr(0, prefix.size()) == prefix) counts[std::string(value)] += operation.spans;
    }
  }
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [value, count] : counts) sorted.emplace_back(count, value);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> values;
  for (auto& [count, value] : sorted) {
    if (values.size() == limit) break;
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

Result<std::vector<std::string>> services(const Context& context) {
  std::set<std::string> names;
  for (const LivePart& live : context.snapshot.spans) {
    KOLBEN_TRY(std::vector<part::OperationCount> operations, live.part->operations());
    for (part::OperationCount& operation : operations) names.insert(std::move(operation.service));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<Operation>> operations(const Context& context, std::string_view service) {
  std::set<std::pair<std::string, SpanKind>> found;
  for (const LivePart& live : context.snapshot.spans) {
    KOLBEN_TRY(std::vector<part::OperationCount> operations, live.part->operations());
    for (part::OperationCount& operation : operations) {
      if (!service.empty() && operation.service != service) continue;
      found.emplace(std::move(operation.name), operation.kind);
    }
  }
  std::vector<Operation> operations;
  for (const auto& [name, kind] : found) operations.push_back({name, kind});
  return operations;
}

std::vector<KeyCount> keys(const Context& context, std::string_view prefix, std::uint32_t limit) {
  return keys_of(context.snapshot.spans, prefix, limit);
}

std::vector<KeyCount> log_keys(const Context& context, std::string_view prefix,
                               std::uint32_t limit) {
  return keys_of(context.snapshot.logs, prefix, limit);
}

std::vector<std::string> log_services(const Context& context) {
  std::set<std::string_view> names;
  for (const LivePart& live : context.snapshot.logs) {
    for (const part::ResourceEntry& entry : live.part->resources()) names.insert(entry.service);
  }
  return std::vector<std::string>(names.begin(), names.end());
}
Result<std::vector<std::string>> values(Context& context, const Field& field,
                                        std::string_view prefix, std::uint32_t limit) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    if (*intrinsic == Intrinsic::kServiceName || *intrinsic == Intrinsic::kName ||
        *intrinsic == Intrinsic::kKind) {
      return operation_values(context, *intrinsic, prefix, limit);
    }
  }
  Control control(context, Limits{.partial = true});
  const Filter everything{And{}};
  const Filter* const filters[] = {&everything};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, TimeRange()));
  bound->keep_newest(kValueRowsMax);
  std::array<ValueCounts, kLanes> lanes;
  const Result<Coverage> coverage =
      GroupWalk(context, control, *bound)
          .run([&](std::size_t lane, GroupScan& scan, Workplace& place) -> Status {
            KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
            KOLBEN_TRY(const FieldValues values, FieldValues::read(field, scan, rows, place));
            lanes[lane].add(values, rows, control);
            return Status::ok();
          });
  KOLBEN_RETURN_IF_ERROR(coverage.status());
  ValueCounts all;
  for (const ValueCounts& lane : lanes) all.add(lane);
  std::vector<std::string> values;
  for (ValueCount& value : all.most_frequent(prefix, limit)) {
    values.push_back(std::move(value.value));
  }
  return values;
}

}  // namespace kolben::storage::scan
