#include "storage/engine/span_scan.h"

#include <algorithm>

#include "storage/engine/raw_item.h"

namespace kolben::storage::engine {
namespace {

Value integer_value(std::uint64_t number) {
  return Value::integer(static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX)));
}

template <typename Conditions>
bool all_hold(const Conditions& conditions, const Value& value) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition* condition) { return condition->holds_for(value); });
}

bool holds_for_facts(const Condition& condition, std::uint8_t facts) {
  const bool is_kind = std::get<Intrinsic>(condition.field()) == Intrinsic::kKind;
  return condition.holds_for(
      Value::string(is_kind ? kind_text(span_kind(facts)) : status_text(span_status(facts))));
}

}  // namespace

Result<SpanQuery> SpanQuery::compile(const Filter& filter, TimeRange range) {
  Result<CompiledFilter> compiled = CompiledFilter::compile(filter);
  if (!compiled) return compiled.error();
  SpanQuery query;
  query.range_ = range;
  query.filter_ = std::make_unique<CompiledFilter>(std::move(*compiled));
  query.sort_conjuncts(query.filter_->root());
  return query;
}

void SpanQuery::sort_conjuncts(const CompiledFilter::Node& node) {
  if (node.kind == CompiledFilter::Node::Kind::kAnd) {
    for (const CompiledFilter::Node& child : node.children) sort_conjuncts(child);
    return;
  }
  const auto* intrinsic =
      node.condition ? std::get_if<Intrinsic>(&node.condition->field()) : nullptr;
  if (intrinsic != nullptr) {
    const Condition* condition = &*node.condition;
    switch (*intrinsic) {
      case Intrinsic::kServiceName:
        return service_.push_back(condition);
      case Intrinsic::kName:
        return name_.push_back(condition);
      case Intrinsic::kKind:
      case Intrinsic::kStatus:
        return facts_.push_back(condition);
      case Intrinsic::kDuration:
        return duration_.push_back(condition);
      case Intrinsic::kIsRoot:
        return is_root_.push_back(condition);
      default:
        break;
    }
  } else if (node.condition) {
    attribute_keys_.push_back(&*node.condition);
  }
  rest_.push_back(&node);
}

SpanScan::SpanScan(const SpanQuery& query, const SegmentView& view, BodyReader& bodies,
                   TraceDuration& trace_duration)
    : query_(query), view_(view), bodies_(bodies), trace_duration_(trace_duration) {
  const TimeSpan& starts = view.facts.span_starts;
  may_match_ = view.spans.size() > 0 && starts.first < query.range_.end &&
               starts.last >= query.range_.begin && knows_keys();
  if (!may_match_) return;
  if (!query.service_.empty()) {
    services_.resize(view.services.size());
    for (std::size_t i = 0; i < services_.size(); ++i) {
      services_[i] = all_hold(query.service_, Value::string(view.services[i])) ? 1 : 0;
    }
    may_match_ = std::find(services_.begin(), services_.end(), 1) != services_.end();
  }
  if (!query.name_.empty()) names_.assign(view.names.size(), Known::kUnknown);
  for (std::uint32_t facts = 0; facts < std::size(facts_); ++facts) {
    facts_[facts] =
        std::all_of(query.facts_.begin(), query.facts_.end(), [facts](const Condition* condition) {
          return holds_for_facts(*condition, static_cast<std::uint8_t>(facts));
        });
  }
}

// Every attribute that a match must have was seen in this segment.
bool SpanScan::knows_keys() const {
  if (view_.facts.keys_are_complete == 0) return true;
  return std::all_of(query_.attribute_keys_.begin(), query_.attribute_keys_.end(),
                     [&](const Condition* condition) {
                       const auto& attribute = std::get<Attribute>(condition->field());
                       return std::any_of(
                           view_.key_counts.begin(), view_.key_counts.end(),
                           [&](const KeyEntry& entry) {
                             return view_.keys[entry.key] == attribute.key &&
                                    (attribute.scope == AttributeScope::kAny ||
                                     static_cast<std::uint32_t>(attribute.scope) == entry.scope);
                           });
                     });
}

bool SpanScan::may_match_page(std::size_t page) const {
  const TimeSpan& starts = view_.spans.pages[page];
  return starts.first < query_.range_.end && starts.last >= query_.range_.begin;
}

Status SpanScan::scan(std::size_t page, std::vector<std::uint32_t>& rows) {
  const std::size_t begin = page * kPageRows;
  const std::size_t end = std::min(begin + kPageRows, view_.spans.size());
  rows_scanned_ += end - begin;
  for (std::size_t i = begin; i < end; ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    if (!query_.range_.contains(view_.spans.start[row]) || !meets_columns(row)) continue;
    const bool meets_rest = std::all_of(
        query_.rest_.begin(), query_.rest_.end(), [&](const CompiledFilter::Node* node) {
          return CompiledFilter::evaluate(
              *node, [&](const Condition& condition) { return decide(condition, row); });
        });
    if (!failure_) return failure_;
    if (meets_rest) rows.push_back(row);
  }
  return Status::ok();
}

bool SpanScan::meets_columns(std::uint32_t row) {
  if (!facts_[view_.spans.facts[row]]) return false;
  if (!query_.service_.empty()) {
    const std::uint32_t service = view_.spans.service[row];
    if (service >= services_.size() || services_[service] == 0) return false;
  }
  if (!query_.duration_.empty() &&
      !all_hold(query_.duration_, integer_value(view_.spans.duration[row]))) {
    return false;
  }
  if (!query_.is_root_.empty() &&
      !all_hold(query_.is_root_, Value::boolean(view_.spans.parent_span_id[row].is_zero()))) {
    return false;
  }
  return query_.name_.empty() || meets_name(view_.spans.name[row]);
}

bool SpanScan::meets_name(std::uint32_t name) {
  if (name >= names_.size()) return false;
  Known& known = names_[name];
  if (known == Known::kUnknown) {
    known = all_hold(query_.name_, Value::string(view_.names[name])) ? Known::kYes : Known::kNo;
  }
  return known == Known::kYes;
}

bool SpanScan::decide(const Condition& condition, std::uint32_t row) {
  const auto* intrinsic = std::get_if<Intrinsic>(&condition.field());
  if (intrinsic == nullptr) return decide_on_bytes(condition, row);
  switch (*intrinsic) {
    case Intrinsic::kServiceName:
      return condition.holds_for(Value::string(view_.services[view_.spans.service[row]]));
    case Intrinsic::kName:
      return condition.holds_for(Value::string(view_.names[view_.spans.name[row]]));
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
      return holds_for_facts(condition, view_.spans.facts[row]);
    case Intrinsic::kDuration:
      return condition.holds_for(integer_value(view_.spans.duration[row]));
    case Intrinsic::kIsRoot:
      return condition.holds_for(Value::boolean(view_.spans.parent_span_id[row].is_zero()));
    case Intrinsic::kTraceDuration:
      return condition.holds_for(integer_value(trace_duration_(view_.spans.trace_id[row])));
    default:
      return decide_on_bytes(condition, row);
  }
}

bool SpanScan::decide_on_bytes(const Condition& condition, std::uint32_t row) {
  const ContextEntry* context = view_.context(view_.spans.context[row]);
  if (context == nullptr) return false;
  Result<std::string_view> body = bodies_.body(view_, context->record);
  if (!body) {
    failure_ = body.status();
    return false;
  }
  const RawItem span{part_of(*body, {view_.spans.offset[row], view_.spans.bytes[row]}),
                     part_of(*body, context->resource), part_of(*body, context->scope)};
  return decide_span(span, condition);
}

}  // namespace kolben::storage::engine
