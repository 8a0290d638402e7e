// Assembly: puts single spans (or log records), taken out of many requests, together as one
// request again, and decodes it. Items keep their order of time within a resource; equal resources
// become one. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/batch.h"
#include "storage/engine/body_reader.h"
#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

class Assembly {
 public:
  Assembly(Signal signal, BodyCache& cache) : signal_(signal), bodies_(cache) {}

  // RESOURCE_EXHAUSTED beyond `kAnswerBytesMax`. Items of traces come in any order.
  Status add(const SegmentView& view, std::uint32_t context, Slice slice, std::uint64_t time);
  // Spans are grouped by resource, oldest first in each. Log records stay in the order in which
  // they were added.
  Result<Batch> finish();

 private:
  struct Item {
    std::uint64_t time;
    std::uint32_t resource;
    std::uint32_t scope;
    Slice slice;  // in bytes_
  };
  // A message and its schema URL.
  struct Surrounding {
    std::string message, schema;
  };
  struct Place {
    std::uint32_t resource;
    std::uint32_t scope;
  };

  Result<Place> place_of(const SegmentView& view, std::uint32_t context);
  Result<std::uint32_t> surrounding_of(const SegmentView& view, const ContextEntry& context,
                                       Slice message, Slice schema,
                                       std::unordered_map<std::string, std::uint32_t>& known);

  const Signal signal_;
  BodyReader bodies_;
  std::vector<Item> items_;
  std::string bytes_;
  std::vector<Surrounding> surroundings_;
  std::unordered_map<std::string, std::uint32_t> resources_, scopes_;
  const SegmentView* view_ = nullptr;  // of places_
  std::unordered_map<std::uint32_t, Place> places_;
};

}  // namespace kolben::storage::engine
