// The table of operations of a part: how often each service did what. See docs/formats/part.md.
// Pure; one thread a table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/traces.h"

namespace kolben::storage::part {

class PartWriter;

struct OperationCount {
  std::string service, name;
  SpanKind kind = SpanKind::kUnspecified;
  std::uint64_t spans = 0, errors = 0;
};

class OperationTable {
 public:
  void add(std::uint32_t resource, std::string_view name, SpanKind kind, bool is_error);
  // `part` knows the services of the resources; those of one service and name are added up.
  std::string encode(const PartWriter& part) const;

 private:
  struct Count {
    std::uint64_t spans = 0, errors = 0;
  };
  std::unordered_map<std::string, Count> counts_;  // by resource, kind, name
  std::string key_;
};

Result<std::vector<OperationCount>> decode_operations(std::string_view envelope);

}  // namespace kolben::storage::part
