// RetentionClasses: which class a trace belongs to, and how long a class is kept. A part holds rows
// of one class, so that what expires is a file. Class 0 is what no rule names; classes of earlier
// runs whose rules are gone are kept as long as class 0. Immutable; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "model/traces.h"
#include "storage/engine/options.h"

namespace kolben::storage::engine {

class RetentionClasses {
 public:
  // `known` are the names of the classes from 1 on, as the manifest has them.
  RetentionClasses(const Options& options, std::vector<std::string> known);

  // From 1 on, old ones included: for the manifest.
  const std::vector<std::string>& names() const { return names_; }
  std::uint64_t age_max_nanos(std::uint32_t number) const;
  // 0 where no rule holds of the span.
  std::uint32_t class_of(std::string_view service, const Span& span) const;
  // Of two spans of one trace.
  std::uint32_t longer(std::uint32_t a, std::uint32_t b) const {
    return age_max_nanos(a) >= age_max_nanos(b) ? a : b;
  }
  bool has_rules() const { return !rules_.empty(); }

 private:
  struct Rule {
    RetentionRule rule;
    std::uint32_t number = 0;
  };
  std::uint64_t default_age_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> ages_;  // by class, from 1 on
  std::vector<Rule> rules_;
};

}  // namespace kolben::storage::engine
