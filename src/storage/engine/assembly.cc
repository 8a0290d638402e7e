#include "storage/engine/assembly.h"

#include <algorithm>

#include "otlp/decode.h"
#include "storage/engine/queries.h"
#include "wire/protobuf_writer.h"

namespace kolben::storage::engine {

Status Assembly::add(const SegmentView& view, std::uint32_t context, Slice slice,
                     std::uint64_t time) {
  const ContextEntry* entry = view.context(context);
  if (entry == nullptr) return data_loss("the index names a context that is not");
  Result<Place> place = place_of(view, context);
  if (!place) return place.status();
  if (bytes_.size() + slice.bytes > kAnswerBytesMax) {
    return resource_exhausted("the answer is larger than " + std::to_string(kAnswerBytesMax) +
                              " bytes");
  }
  const auto offset = static_cast<std::uint32_t>(bytes_.size());
  KOLBEN_RETURN_IF_ERROR(bodies_.append(view, entry->record, slice, bytes_));
  items_.push_back({time, place->resource, place->scope, {offset, slice.bytes}});
  return Status::ok();
}

Result<Assembly::Place> Assembly::place_of(const SegmentView& view, std::uint32_t context) {
  if (view_ != &view) {
    view_ = &view;
    places_.clear();
  }
  if (const auto found = places_.find(context); found != places_.end()) return found->second;
  const ContextEntry& entry = view.contexts[context];
  Result<std::uint32_t> resource =
      surrounding_of(view, entry, entry.resource, entry.resource_schema, resources_);
  if (!resource) return resource.error();
  Result<std::uint32_t> scope =
      surrounding_of(view, entry, entry.scope, entry.scope_schema, scopes_);
  if (!scope) return scope.error();
  const Place place{*resource, *scope};
  places_.emplace(context, place);
  return place;
}

Result<std::uint32_t> Assembly::surrounding_of(
    const SegmentView& view, const ContextEntry& context, Slice message, Slice schema,
    std::unordered_map<std::string, std::uint32_t>& known) {
  Surrounding surrounding;
  KOLBEN_RETURN_IF_ERROR(bodies_.append(view, context.record, message, surrounding.message));
  KOLBEN_RETURN_IF_ERROR(bodies_.append(view, context.record, schema, surrounding.schema));
  // The length keeps message and schema apart.
  std::string key =
      std::to_string(surrounding.schema.size()) + ":" + surrounding.schema + surrounding.message;
  const auto [entry, is_new] =
      known.try_emplace(std::move(key), static_cast<std::uint32_t>(surroundings_.size()));
  if (is_new) surroundings_.push_back(std::move(surrounding));
  return entry->second;
}

Result<Batch> Assembly::finish() {
  if (signal_ == Signal::kTraces) {
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      return a.resource != b.resource ? a.resource < b.resource : a.time < b.time;
    });
  }
  std::string message;
  message.reserve(bytes_.size() + bytes_.size() / 8);
  wire::ProtobufWriter out(message);
  constexpr std::uint32_t kLengthBytes = 3;
  for (std::size_t i = 0; i < items_.size();) {
    const std::uint32_t resource = items_[i].resource;
    const auto resource_message = out.begin_message(1, kLengthBytes);
    out.bytes_unless_empty(1, surroundings_[resource].message);
    while (i < items_.size() && items_[i].resource == resource) {
      const std::uint32_t scope = items_[i].scope;
      const auto scope_message = out.begin_message(2, kLengthBytes);
      out.bytes_unless_empty(1, surroundings_[scope].message);
      for (; i < items_.size() && items_[i].resource == resource && items_[i].scope == scope; ++i) {
        out.bytes(2, part_of(bytes_, items_[i].slice));
      }
      out.bytes_unless_empty(3, surroundings_[scope].schema);
      out.end_message(scope_message);
    }
    out.bytes_unless_empty(3, surroundings_[resource].schema);
    out.end_message(resource_message);
  }
  out.finish();
  bytes_ = {};
  WirePiece piece;
  piece.message = Bytes::from_string(std::move(message));
  std::vector<WirePiece> pieces;
  pieces.push_back(std::move(piece));
  Batch batch = Batch::from_wire(signal_, std::move(pieces), items_.size());
  KOLBEN_RETURN_IF_ERROR(otlp::decode(batch));
  return batch;
}

}  // namespace kolben::storage::engine
