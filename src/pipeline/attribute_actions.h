// Actions on attributes, as the processors `attributes` and `resource` have them: a list that is
// done in order (the Collector's attraction package).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/reader.h"
#include "model/attributes.h"

namespace kolben::pipeline {

class AttributeActions {
 public:
  // Reads the list under `key` ("actions"); mistakes go to the reader's errors.
  AttributeActions(config::Reader& reader, std::string_view key);
  ~AttributeActions();
  AttributeActions(AttributeActions&&) noexcept;
  AttributeActions& operator=(AttributeActions&&) noexcept;

  // Any thread.
  void apply(Attributes& attributes, Arena& arena) const;

 private:
  struct Action;
  std::vector<Action> actions_;
};

}  // namespace kolben::pipeline
