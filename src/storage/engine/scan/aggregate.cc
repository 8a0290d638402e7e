// Matching spans counted and measured, by the values of fields and over time.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "storage/engine/scan/buckets.h"
#include "storage/engine/scan/field_values.h"
#include "storage/engine/scan/quantiles.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

// Combinations of values up to which each has its place in a table: most groups are of a service, a
// kind, an operation.
constexpr std::uint64_t kTableMax = 64 << 10;

struct Bucket {
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  std::uint64_t measured = 0;
  double sum = 0, least = 0, greatest = 0;
  Quantiles quantiles;

  void measure(double value) {
    least = measured == 0 ? value : std::min(least, value);
    greatest = measured == 0 ? value : std::max(greatest, value);
    sum += value;
    ++measured;
  }
  // Returns the bytes that it grew by.
  std::size_t add(const Bucket& other) {
    count += other.count;
    errors += other.errors;
    if (other.measured > 0) {
      least = measured == 0 ? other.least : std::min(least, other.least);
      greatest = measured == 0 ? other.greatest : std::max(greatest, other.greatest);
    }
    measured += other.measured;
    sum += other.sum;
    return quantiles.add(other.quantiles);
  }
};

using Key = std::vector<std::optional<std::string>>;
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = key.size();
    for (const auto& value : key) {
      hash = hash * 0x9e3779b97f4a7c15 + (value ? std::hash<std::string>()(*value) : 1);
    }
    return hash;
  }
};

// What one lane gathers.
class Groups {
 public:
  // All outlive it.
  Groups(const AggregateQuery& query, const Buckets& buckets, Control& control)
      : query_(query), buckets_(buckets), control_(control) {}

  Status add(GroupScan& scan, Workplace& place) {
    KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
    if (rows.none()) return Status::ok();
    std::vector<FieldValues> fields;
    for (const Field& field : query_.group_by) {
      KOLBEN_TRY(FieldValues values, FieldValues::read(field, scan, rows, place));
      fields.push_back(std::move(values));
    }
    KOLBEN_RETURN_IF_ERROR(number_rows(rows, fields));
    return count_rows(scan, rows, place);
  }

  Status add(const Groups& other) {
    for (const auto& [key, number] : other.numbers_) {
      std::vector<Bucket>& mine = groups_[number_of(key)];
      for (std::size_t i = 0; i < mine.size(); ++i) {
        control_.take(mine[i].add(other.groups_[number][i]));
      }
      KOLBEN_RETURN_IF_ERROR(control_.check_memory());
    }
    return Status::ok();
  }

  const std::unordered_map<Key, std::uint32_t, KeyHash>& numbers() const { return numbers_; }
  const std::vector<Bucket>& group(std::uint32_t number) const { return groups_[number]; }

 private:
  std::uint32_t number_of(const Key& key) {
    const auto [at, is_new] = numbers_.try_emplace(key, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) {
      std::uint64_t bytes = sizeof(Bucket) * buckets_.count + 100;
      for (const auto& value : key) bytes += sizeof value + (value ? value->size() : 0);
      control_.take(bytes);
      groups_.emplace_back(buckets_.count);
    }
    return at->second;
  }

  // The group of each row: rows with the same numbers of values are looked up once.
  Status number_rows(const Selection& rows, const std::vector<FieldValues>& fields) {
    std::uint64_t combinations = 1;
    for (const FieldValues& values : fields) {
      if (combinations <= kTableMax) combinations *= values.size() + 1;
    }
    if (combinations <= kTableMax) {
      std::vector<std::uint32_t> table(static_cast<std::size_t>(combinations), kUnknown);
      return number_each(rows, fields, [&](std::uint32_t row) -> std::uint32_t& {
        std::size_t place = 0;
        for (const FieldValues& values : fields) {
          // None of its values is the one behind the last.
          const auto number = std::min<std::size_t>(values.numbers()[row], values.size());
          place = place * (values.size() + 1) + number;
        }
        return table[place];
      });
    }
    using Tuple = std::array<std::uint32_t, kGroupFieldsMax>;
    struct TupleHash {
      std::size_t operator()(const Tuple& tuple) const {
        std::uint64_t hash = 0;
        for (const std::uint32_t number : tuple) hash = (hash ^ number) * 0x9e3779b97f4a7c15;
        return hash ^ hash >> 32;
      }
    };
    std::unordered_map<Tuple, std::uint32_t, TupleHash> known;
    return number_each(rows, fields, [&](std::uint32_t row) -> std::uint32_t& {
      Tuple tuple{};
      for (std::size_t i = 0; i < fields.size(); ++i) tuple[i] = fields[i].numbers()[row];
      return known.try_emplace(tuple, kUnknown).first->second;
    });
  }

  // `known_of(row)`: what is known of the row's combination.
  template <typename KnownOf>
  Status number_each(const Selection& rows, const std::vector<FieldValues>& fields,
                     KnownOf known_of) {
    row_groups_.assign(rows.rows(), 0);
    Status status;
    rows.for_each([&](std::uint32_t row) {
      std::uint32_t& known = known_of(row);
      if (known == kUnknown) {
        // A row group of nothing but new groups may be more than there is memory.
        if (status) status = control_.check_memory();
        if (!status) return;
        known = number_of(key_of(fields, row));
      }
      row_groups_[row] = known;
    });
    return status;
  }

  static Key key_of(const std::vector<FieldValues>& fields, std::uint32_t row) {
    Key key;
    for (const FieldValues& values : fields) {
      const std::uint32_t number = values.numbers()[row];
      key.push_back(number == FieldValues::kNone ? std::nullopt
                                                 : std::optional(values.text(number)));
    }
    return key;
  }

  Status count_rows(GroupScan& scan, const Selection& rows, Workplace& place) {
    KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
    KOLBEN_TRY(const part::NumberColumn* statuses,
               scan.spans().columns().numbers(part::span_column::kStatus));
    if (statuses->size != scan.rows()) return data_loss("a row group has rows without a status");
    KOLBEN_RETURN_IF_ERROR(read_measured(scan, rows, place));
    BucketCursor cursor(buckets_);
    rows.for_each([&](std::uint32_t row) {
      const std::uint32_t index = cursor.index_of(starts[row]);
      if (index == buckets_.count) return;
      Bucket& bucket = groups_[row_groups_[row]][index];
      ++bucket.count;
      if ((*statuses)[row] == static_cast<std::uint64_t>(SpanStatusCode::kError)) ++bucket.errors;
      if (query_.measured && is_measured_.test(row)) measure(bucket, measured_[row]);
    });
    return Status::ok();
  }

  void measure(Bucket& bucket, double value) {
    bucket.measure(value);
    if (query_.quantiles.empty()) return;
    if (const std::size_t grown = bucket.quantiles.add(value)) control_.take(grown);
  }

  Status read_measured(GroupScan& scan, const Selection& rows, Workplace& place) {
    if (!query_.measured) return Status::ok();
    measured_.assign(scan.rows(), 0);
    is_measured_ = Selection(scan.rows());
    if (*query_.measured == Field(Intrinsic::kDuration)) {
      KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
      for (std::uint32_t row = 0; row < scan.rows(); ++row) {
        measured_[row] = static_cast<double>(std::min<std::uint64_t>(durations[row], INT64_MAX));
      }
      is_measured_.fill();
      return Status::ok();
    }
    KOLBEN_TRY(const FieldValues values, FieldValues::read(*query_.measured, scan, rows, place));
    rows.for_each([&](std::uint32_t row) {
      const std::uint32_t number = values.numbers()[row];
      const auto real = number == FieldValues::kNone ? std::nullopt : values.real(number);
      if (!real) return;
      measured_[row] = *real;
      is_measured_.set(row);
    });
    return Status::ok();
  }

  static constexpr std::uint32_t kUnknown = UINT32_MAX;

  const AggregateQuery& query_;
  const Buckets& buckets_;
  Control& control_;
  std::unordered_map<Key, std::uint32_t, KeyHash> numbers_;
  std::vector<std::vector<Bucket>> groups_;
  // Of the row group at hand, by row.
  std::vector<std::uint32_t> row_groups_;
  std::vector<double> measured_;
  Selection is_measured_;
};

AggregateBucket shown(const Bucket& bucket, const std::vector<double>& shares) {
  AggregateBucket shown;
  shown.count = bucket.count;
  shown.errors = bucket.errors;
  shown.measured = bucket.measured;
  shown.sum = bucket.sum;
  shown.least = bucket.least;
  shown.greatest = bucket.greatest;
  for (const double share : shares) shown.quantiles.push_back(bucket.quantiles.at(share));
  return shown;
}

// The groups with the most spans; the others in sum.
void show_groups(const Groups& groups, const AggregateQuery& query, Aggregate& answer) {
  struct Size {
    const Key* key;
    std::uint32_t number;
    std::uint64_t count;
  };
  std::vector<Size> sizes;
  for (const auto& [key, number] : groups.numbers()) {
    Size size{&key, number, 0};
    for (const Bucket& bucket : groups.group(number)) size.count += bucket.count;
    answer.total += size.count;
    if (size.count > 0) sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end(), [](const Size& a, const Size& b) {
    return a.count != b.count ? a.count > b.count : *a.key < *b.key;
  });
  for (const Size& size : sizes) {
    if (answer.groups.size() == std::min(query.limit, kValuesMax)) {
      ++answer.other_groups;
      answer.other_count += size.count;
      for (const Bucket& bucket : groups.group(size.number)) {
        answer.other_errors += bucket.errors;
        answer.other_sum += bucket.sum;
      }
      continue;
    }
    AggregateGroup& group = answer.groups.emplace_back();
    group.values = *size.key;
    group.count = size.count;
    Bucket whole;
    for (const Bucket& bucket : groups.group(size.number)) {
      group.buckets.push_back(shown(bucket, query.quantiles));
      whole.add(bucket);
    }
    group.whole = shown(whole, query.quantiles);
  }
}

std::uint64_t oldest_of(const Snapshot& snapshot) {
  std::uint64_t oldest = UINT64_MAX;
  for (const LivePart& live : snapshot.spans) {
    if (live.part->facts().rows > 0) oldest = std::min(oldest, live.part->facts().first_time);
  }
  return oldest == UINT64_MAX ? 0 : oldest;
}

}  // namespace

Result<Aggregate> aggregate(Context& context, const AggregateQuery& query) {
  if (query.group_by.size() > kGroupFieldsMax) {
    return invalid_argument("groups are of at most " + std::to_string(kGroupFieldsMax) + " fields");
  }
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.filter};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  const Buckets buckets = Buckets::of(query.range, query.buckets, context.snapshot.spans);
  std::vector<Groups> lanes(kLanes, Groups(query, buckets, control));
  Aggregate answer;
  KOLBEN_TRY(answer.coverage, GroupWalk(context, control, *bound)
                                  .run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
                                    return lanes[lane].add(scan, place);
                                  }));
  KOLBEN_RETURN_IF_ERROR(control.check_memory());
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    KOLBEN_RETURN_IF_ERROR(lanes[0].add(lanes[lane]));
  }
  answer.begin_unix_nano = buckets.begin;
  answer.bucket_nanos = buckets.nanos;
  answer.oldest_unix_nano = oldest_of(context.snapshot);
  show_groups(lanes[0], query, answer);
  answer.spans_scanned = control.rows_scanned();
  return answer;
}

}  // namespace kolben::storage::scan
