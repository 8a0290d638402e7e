// A trace by its id, put together from all parts.
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/clone.h"
#include "otlp/fragments.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/trace_reader.h"

namespace kolben::storage::scan {
namespace {

// Spans between two looks at the clock and the size.
constexpr std::size_t kSpansAtOnce = 1000;

template <typename Message>
std::string key_of(const Message& message, std::string_view schema_url) {
  std::string key(schema_url);
  key.push_back('\0');
  otlp::encode_fragment(message, key);
  return key;
}

class Assembly {
 public:
  explicit Assembly(TraceReader& reader) : reader_(reader), batch_(Signal::kTraces) {}

  Status add(const TraceRow& row) {
    Arena arena;  // what is copied in a moment
    KOLBEN_TRY(const TraceReader::FullSpan full, reader_.read(row, arena));
    const auto [resource, scope] = place_of(*full.resource, *full.scope);
    ScopeSpans& spans = batch_.traces().resources[resource].scopes[scope];
    spans.spans.push_back(batch_.arena(), clone(full.span, batch_.arena()));
    return Status::ok();
  }
  std::uint64_t bytes() const { return batch_.bytes(); }
  Batch finish() {
    batch_.recount();
    return std::move(batch_);
  }

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;  // of resource and scope in the batch

  Place place_of(const part::ResourceEntry& resource, const part::ScopeEntry& scope) {
    const auto known = known_.find({&resource, &scope});
    if (known != known_.end()) return known->second;
    // Other parts' entries may say the same.
    const std::string resource_key = key_of(resource.resource, resource.schema_url);
    const auto [at, is_new] = resources_.try_emplace(resource_key, batch_.traces().resources.size());
    if (is_new) {
      ResourceSpans& added = batch_.traces().resources.add(batch_.arena());
      added.resource = clone(resource.resource, batch_.arena());
      added.schema_url = batch_.arena().copy(resource.schema_url);
    }
    const Place place{at->second, scope_in(at->second, scope)};
    known_.emplace(std::pair(&resource, &scope), place);
    return place;
  }

  std::uint32_t scope_in(std::uint32_t resource, const part::ScopeEntry& scope) {
    List<ScopeSpans>& scopes = batch_.traces().resources[resource].scopes;
    const std::string key = std::to_string(resource) + ':' + key_of(scope.scope, scope.schema_url);
    const auto [at, is_new] = scopes_.try_emplace(key, scopes.size());
    if (is_new) {
      ScopeSpans& added = scopes.add(batch_.arena());
      added.scope = clone(scope.scope, batch_.arena());
      added.schema_url = batch_.arena().copy(scope.schema_url);
    }
    return at->second;
  }

  TraceReader& reader_;
  Batch batch_;
  std::map<std::pair<const part::ResourceEntry*, const part::ScopeEntry*>, Place> known_;
  std::unordered_map<std::string, std::uint32_t> resources_, scopes_;
};

}  // namespace

Result<Batch> get_trace(Context& context, const TraceId& id) {
  const Control control(context, Limits());
  const std::unique_ptr<BoundQuery> bound = BoundQuery::of_traces(context.snapshot);
  GroupCache groups(*bound);
  TraceReader reader(*bound, groups, nullptr);
  KOLBEN_TRY(const std::vector<TraceRow> rows, reader.rows(id));
  if (rows.empty()) return not_found("trace " + id.to_hex() + " is not in the store");
  Assembly assembly(reader);
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (i % kSpansAtOnce == 0) {
      KOLBEN_RETURN_IF_ERROR(control.check());
      if (assembly.bytes() > kAnswerBytesMax) {
        return resource_exhausted("trace " + id.to_hex() + " is too large to be read at once");
      }
    }
    if (rows[i].copy_of == i) KOLBEN_RETURN_IF_ERROR(assembly.add(rows[i]));
  }
  return assembly.finish();
}

}  // namespace kolben::storage::scan
