// Random filters and fields for the tests: about keys, values and names that random telemetry has.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/engine/scan/oracle.h"

namespace kolben::storage::scan {

class RandomQuery {
 public:
  RandomQuery(std::uint64_t seed, const Oracle& oracle) : random_(seed), oracle_(oracle) {}

  std::uint64_t below(std::uint64_t end) { return random_.below(end); }
  bool one_in(std::uint64_t times) { return below(times) == 0; }

  Field field() {
    static const std::string kKeys[] = {
        "http.method", "http.status_code", "url.path",     "user.id", "a", "b", "",
        "error",       "rare.7",           "service.name", "missing"};
    if (one_in(2)) {
      return Attribute{static_cast<AttributeScope>(below(6)), kKeys[below(std::size(kKeys))]};
    }
    static constexpr Intrinsic kIntrinsics[] = {
        Intrinsic::kServiceName, Intrinsic::kName,          Intrinsic::kKind,
        Intrinsic::kStatus,      Intrinsic::kStatusMessage, Intrinsic::kDuration,
        Intrinsic::kScopeName,   Intrinsic::kScopeVersion,  Intrinsic::kTraceState,
        Intrinsic::kIsRoot,      Intrinsic::kTraceDuration, Intrinsic::kSeverity,
        Intrinsic::kBody,        Intrinsic::kEventName,     Intrinsic::kTraceSpans,
        Intrinsic::kRootService, Intrinsic::kRootName};
    return kIntrinsics[below(std::size(kIntrinsics))];
  }

  Filter condition() {
    Compare compare;
    compare.field = field();
    compare.op = static_cast<Operator>(below(8));
    compare.operand = compare.op == Operator::kRegex ? Operand(pattern()) : operand(compare.field);
    return Filter{compare};
  }

  Filter filter(int depth = 0) {
    const std::uint64_t kind = depth >= 3 ? 9 : below(10);
    if (kind < 3) return Filter{And{terms(depth)}};
    if (kind < 5) return Filter{Or{terms(depth)}};
    if (kind == 5) return Filter{Not{std::make_shared<const Filter>(filter(depth + 1))}};
    if (kind == 6) {
      return Filter{Related{static_cast<Relation>(below(5)),
                            std::make_shared<const Filter>(filter(depth + 1))}};
    }
    return condition();
  }

  TimeRange range() {
    if (one_in(2) || oracle_.spans().empty()) return {};
    std::uint64_t a = some_span().span.start_time_unix_nano;
    std::uint64_t b = some_span().span.start_time_unix_nano;
    if (a > b) std::swap(a, b);
    return {a, one_in(3) ? UINT64_MAX : b};
  }

 private:
  const OracleSpan& some_span() { return oracle_.spans()[below(oracle_.spans().size())]; }

  std::vector<Filter> terms(int depth) {
    std::vector<Filter> terms;
    for (std::uint64_t i = below(4); i > 0; --i) terms.push_back(filter(depth + 1));
    return terms;
  }

  std::string pattern() {
    static const std::string kPatterns[] = {
        ".*", "v.*",  "[0-9]+", "GET|POST", "value 1.*", "-?\\d+(\\.\\d+)?",
        "",   "true", "\\[.*",  "s.*r",     "nan|inf",   ".*r.*"};
    return kPatterns[below(std::size(kPatterns))];
  }

  // Mostly of a value that some span has.
  Operand operand(const Field& field) {
    if (!one_in(4) && !oracle_.spans().empty()) {
      for (int tries = 0; tries < 20; ++tries) {
        const OracleSpan& one = some_span();
        const auto value = oracle_.value_of(field, one, oracle_.facts(one.span.trace_id));
        if (!value) continue;
        if (one_in(2)) return value_text(*value);
        if (value->type() == ValueType::kInt && one_in(2)) return value->as_int();
        if (value->type() == ValueType::kInt) return static_cast<double>(value->as_int());
        if (value->type() == ValueType::kDouble) return value->as_double();
        if (value->type() == ValueType::kBool) return value->as_bool();
        return value_text(*value);
      }
    }
    static const Operand kOperands[] = {Operand("17"),
                                        Operand("0"),
                                        Operand("-0"),
                                        Operand("GET"),
                                        Operand("nan"),
                                        Operand("1e300"),
                                        Operand("007"),
                                        Operand(""),
                                        Operand("true"),
                                        Operand(true),
                                        Operand(false),
                                        Operand(std::int64_t{0}),
                                        Operand(std::int64_t{500}),
                                        Operand(INT64_MAX),
                                        Operand(0.5),
                                        Operand(-0.0),
                                        Operand(9.3e18),
                                        Operand(1e-300),
                                        Operand("[]"),
                                        Operand("value 2")};
    return kOperands[below(std::size(kOperands))];
  }

  Random random_;
  const Oracle& oracle_;
};

}  // namespace kolben::storage::scan
