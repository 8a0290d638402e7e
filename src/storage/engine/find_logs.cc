// Log records, oldest first.
#include <algorithm>
#include <queue>

#include "storage/engine/assembly.h"
#include "storage/engine/queries.h"
#include "storage/engine/raw_item.h"
#include "storage/evaluate.h"

namespace kolben::storage::engine {
namespace {

struct LogRef {
  std::uint64_t time;
  std::size_t view;
  std::uint32_t row;

  friend auto operator<=>(const LogRef&, const LogRef&) = default;
};

class LogSearch {
 public:
  LogSearch(QueryContext& context, const LogQuery& query, const CompiledFilter& filter)
      : context_(context),
        query_(query),
        filter_(filter),
        limit_(std::min(query.limit, kLogsMax)),
        bodies_(context.cache) {}

  Status run() {
    for (std::size_t i = 0; limit_ > 0 && i < context_.views.size(); ++i) {
      const LogColumns& logs = context_.views[i]->logs;
      for (std::size_t page = 0; page < logs.pages.size(); ++page) {
        const TimeSpan& times = logs.pages[page];
        if (times.first >= query_.range.end || times.last < query_.range.begin) continue;
        if (newest_.size() == limit_ && times.first > newest_.top().time) continue;
        KOLBEN_RETURN_IF_ERROR(context_.budget.check());
        KOLBEN_RETURN_IF_ERROR(scan(i, page));
      }
    }
    return Status::ok();
  }

  std::vector<LogRef> oldest_first() {
    std::vector<LogRef> refs;
    for (; !newest_.empty(); newest_.pop()) refs.push_back(newest_.top());
    std::reverse(refs.begin(), refs.end());
    return refs;
  }

 private:
  Status scan(std::size_t view, std::size_t page) {
    const LogColumns& logs = context_.views[view]->logs;
    const std::size_t end = std::min((page + 1) * kPageRows, logs.size());
    for (std::size_t i = page * kPageRows; i < end; ++i) {
      const auto row = static_cast<std::uint32_t>(i);
      if (!query_.range.contains(logs.time[row])) continue;
      if (query_.trace_id && logs.trace_id[row] != *query_.trace_id) continue;
      const LogRef ref{logs.time[row], view, row};
      if (newest_.size() == limit_ && !(ref < newest_.top())) continue;
      Result<bool> matches = meets_filter(*context_.views[view], row);
      if (!matches) return matches.status();
      if (!*matches) continue;
      newest_.push(ref);
      if (newest_.size() > limit_) newest_.pop();
    }
    return Status::ok();
  }

  Result<bool> meets_filter(const SegmentView& view, std::uint32_t row) {
    const auto& root = filter_.root();
    if (root.kind == CompiledFilter::Node::Kind::kAnd && root.children.empty()) return true;
    const ContextEntry* context = view.context(view.logs.context[row]);
    if (context == nullptr) return false;
    Result<std::string_view> body = bodies_.body(view, context->record);
    if (!body) return body.error();
    const RawItem log{part_of(*body, {view.logs.offset[row], view.logs.bytes[row]}),
                      part_of(*body, context->resource), part_of(*body, context->scope)};
    const std::string_view service = view.services[view.logs.service[row]];
    return CompiledFilter::evaluate(
        root, [&](const Condition& condition) { return decide_log(log, service, condition); });
  }

  QueryContext& context_;
  const LogQuery& query_;
  const CompiledFilter& filter_;
  const std::size_t limit_;
  BodyReader bodies_;
  std::priority_queue<LogRef> newest_;  // of the oldest so far, its newest on top
};

}  // namespace

Result<Batch> find_logs(QueryContext& context, const LogQuery& query) {
  Result<CompiledFilter> filter = CompiledFilter::compile(query.filter);
  if (!filter) return filter.error();
  LogSearch search(context, query, *filter);
  KOLBEN_RETURN_IF_ERROR(search.run());
  Assembly assembly(Signal::kLogs, context.cache);
  for (const LogRef& ref : search.oldest_first()) {
    const SegmentView& view = *context.views[ref.view];
    KOLBEN_RETURN_IF_ERROR(assembly.add(view, view.logs.context[ref.row],
                                        {view.logs.offset[ref.row], view.logs.bytes[ref.row]},
                                        ref.time));
  }
  return assembly.finish();
}

}  // namespace kolben::storage::engine
