// Assembly: spans or log records of any parts put together into a batch: what has the same resource
// and scope, whatever part it comes from, stands together. One thread.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/batch.h"
#include "model/clone.h"
#include "otlp/fragments.h"
#include "storage/engine/part/part.h"

namespace kolben::storage::scan {

// `Resources` and `Scopes`: ResourceSpans and ScopeSpans, or those of logs.
template <typename Resources, typename Scopes>
class Assembly {
 public:
  explicit Assembly(Signal signal) : batch_(signal) {}

  // Where items of this resource and scope go. The list of resources is the batch's.
  Scopes& scope_of(List<Resources>& resources, const part::ResourceEntry& resource,
                   const part::ScopeEntry& scope) {
    const Place place = place_of(resources, resource, scope);
    return resources[place.first].scopes[place.second];
  }
  Batch& batch() { return batch_; }
  Batch finish() {
    batch_.recount();
    return std::move(batch_);
  }

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;

  template <typename Message>
  static std::string key_of(const Message& message, std::string_view schema_url) {
    std::string key(schema_url);
    key.push_back('\0');
    otlp::encode_fragment(message, key);
    return key;
  }

  Place place_of(List<Resources>& resources, const part::ResourceEntry& resource,
                 const part::ScopeEntry& scope) {
    const auto known = known_.find({&resource, &scope});
    if (known != known_.end()) return known->second;
    const auto [at, is_new] =
        resources_.try_emplace(key_of(resource.resource, resource.schema_url), resources.size());
    if (is_new) {
      Resources& added = resources.add(batch_.arena());
      added.resource = clone(resource.resource, batch_.arena());
      added.schema_url = batch_.arena().copy(resource.schema_url);
    }
    const Place place{at->second, add_scope(resources[at->second].scopes, at->second, scope)};
    known_.emplace(std::pair(&resource, &scope), place);
    return place;
  }

  std::uint32_t add_scope(List<Scopes>& scopes, std::uint32_t resource,
                          const part::ScopeEntry& scope) {
    const auto [at, is_new] = scopes_.try_emplace(
        std::to_string(resource) + ':' + key_of(scope.scope, scope.schema_url), scopes.size());
    if (is_new) {
      Scopes& added = scopes.add(batch_.arena());
      added.scope = clone(scope.scope, batch_.arena());
      added.schema_url = batch_.arena().copy(scope.schema_url);
    }
    return at->second;
  }

  Batch batch_;
  std::map<std::pair<const part::ResourceEntry*, const part::ScopeEntry*>, Place> known_;
  std::unordered_map<std::string, std::uint32_t> resources_, scopes_;
};

}  // namespace kolben::storage::scan
