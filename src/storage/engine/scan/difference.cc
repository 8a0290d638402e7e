// What two sets of spans differ in: for each field the shares of its values in both.
#include <algorithm>
#include <cmath>
#include <map>

#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/value_counts.h"

namespace kolben::storage::scan {
namespace {

// A field with more different values than this tells nothing by one of them: ids, mostly.
constexpr std::size_t kDifferentMax = 10'000;

constexpr Intrinsic kIntrinsics[] = {
    Intrinsic::kServiceName,   Intrinsic::kName,      Intrinsic::kKind,     Intrinsic::kStatus,
    Intrinsic::kStatusMessage, Intrinsic::kScopeName, Intrinsic::kEventName};

// Fields in an order: what every span has first, then attributes by place and key.
struct FieldOrder {
  bool operator()(const Field& a, const Field& b) const {
    if (a.index() != b.index()) return a.index() > b.index();
    if (const auto* intrinsic = std::get_if<Intrinsic>(&a)) {
      return *intrinsic < std::get<Intrinsic>(b);
    }
    const auto& one = std::get<Attribute>(a);
    const auto& other = std::get<Attribute>(b);
    return one.scope != other.scope ? one.scope < other.scope : one.key < other.key;
  }
};

using Fields = std::map<Field, bool, FieldOrder>;

// The fields that a row group has values of.
Fields fields_of(GroupScan& scan) {
  Fields fields;
  for (const Intrinsic intrinsic : kIntrinsics) fields[intrinsic] = true;
  const std::vector<part::AttributeColumn>& columns = scan.part().columns();
  for (const part::Chunk& chunk : scan.spans().columns().directory().chunks) {
    if (chunk.column < part::kFirstAttributeColumn) continue;
    const std::size_t number = chunk.column - part::kFirstAttributeColumn;
    if (number >= columns.size() || columns[number].type == part::ColumnType::kRest) continue;
    fields[Attribute{scope_of(columns[number].place), columns[number].key}] = true;
  }
  for (const part::ResourceEntry& entry : scan.part().resources()) {
    for (const KeyValue& attribute : entry.resource.attributes) {
      fields[Attribute{AttributeScope::kResource, std::string(attribute.key)}] = true;
    }
  }
  for (const part::ScopeEntry& entry : scan.part().scopes()) {
    for (const KeyValue& attribute : entry.scope.attributes) {
      fields[Attribute{AttributeScope::kScope, std::string(attribute.key)}] = true;
    }
  }
  return fields;
}

// The values of one field in both sets.
struct Counted {
  ValueCounts selected, baseline;
  bool has_too_many = false;

  std::size_t different() const {
    std::size_t different = selected.counts().size();
    for (const auto& [value, count] : baseline.counts()) {
      if (selected.counts().count(value) == 0) ++different;
    }
    return different;
  }
  void drop_if_too_many() {
    if (selected.counts().size() + baseline.counts().size() <= kDifferentMax) return;
    if (different() <= kDifferentMax) return;
    has_too_many = true;
    selected = {};
    baseline = {};
  }
};

// What one lane gathers.
struct Sets {
  std::uint64_t selected = 0, baseline = 0;
  std::map<Field, Counted, FieldOrder> fields;

  Status add(GroupScan& scan, Workplace& place, Control& control) {
    KOLBEN_TRY(const Selection chosen, scan.select(0, place.judge));
    KOLBEN_TRY(const Selection others, scan.select(1, place.judge));
    Selection both = chosen;
    both.add(others);
    if (both.none()) return Status::ok();
    selected += chosen.count();
    baseline += others.count();
    for (const auto& [field, is_there] : fields_of(scan)) {
      Counted& counted = fields[field];
      if (counted.has_too_many) continue;
      KOLBEN_TRY(const FieldValues values, FieldValues::read(field, scan, both, place));
      counted.selected.add(values, chosen, control);
      counted.baseline.add(values, others, control);
      counted.drop_if_too_many();
    }
    return Status::ok();
  }
  void add(const Sets& other) {
    selected += other.selected;
    baseline += other.baseline;
    for (const auto& [field, counted] : other.fields) {
      Counted& mine = fields[field];
      mine.has_too_many = mine.has_too_many || counted.has_too_many;
      mine.selected.add(counted.selected);
      mine.baseline.add(counted.baseline);
      mine.drop_if_too_many();
    }
  }
};

double share(std::uint64_t count, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
}

void list_entries(const Field& field, const Counted& counted,
                  std::vector<DifferenceEntry>& entries) {
  const auto count_in = [](const ValueCounts& counts, const std::string& value) {
    const auto found = counts.counts().find(value);
    return found == counts.counts().end() ? std::uint64_t{0} : found->second;
  };
  for (const auto& [value, count] : counted.selected.counts()) {
    entries.push_back({field, value, count, count_in(counted.baseline, value)});
  }
  for (const auto& [value, count] : counted.baseline.counts()) {
    if (count_in(counted.selected, value) == 0) entries.push_back({field, value, 0, count});
  }
}

void show(const Sets& sets, std::uint32_t limit, Difference& answer) {
  answer.selected = sets.selected;
  answer.baseline = sets.baseline;
  for (const auto& [field, counted] : sets.fields) {
    if (counted.has_too_many) {
      answer.skipped.push_back(field);
    } else {
      list_entries(field, counted, answer.entries);
    }
  }
  const auto distance = [&sets](const DifferenceEntry& entry) {
    return std::abs(share(entry.selected, sets.selected) - share(entry.baseline, sets.baseline));
  };
  std::sort(answer.entries.begin(), answer.entries.end(),
            [&distance](const DifferenceEntry& a, const DifferenceEntry& b) {
              const double of_a = distance(a);
              const double of_b = distance(b);
              if (of_a != of_b) return of_a > of_b;
              const FieldOrder before;
              if (before(a.field, b.field) || before(b.field, a.field)) {
                return before(a.field, b.field);
              }
              return a.value < b.value;
            });
  if (answer.entries.size() > limit) answer.entries.resize(limit);
}

}  // namespace

Result<Difference> difference(Context& context, const DifferenceQuery& query) {
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.selected, &query.baseline};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  std::array<Sets, kLanes> lanes;
  Difference answer;
  KOLBEN_TRY(answer.coverage, GroupWalk(context, control, *bound)
                                  .run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
                                    return lanes[lane].add(scan, place, control);
                                  }));
  for (std::size_t lane = 1; lane < kLanes; ++lane) lanes[0].add(lanes[lane]);
  KOLBEN_RETURN_IF_ERROR(control.check_memory());
  show(lanes[0], std::min(query.limit, kValuesMax), answer);
  answer.spans_scanned = control.rows_scanned();
  return answer;
}

}  // namespace kolben::storage::scan
