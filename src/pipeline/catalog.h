// Catalog: the components that a configuration defines, each with its type and its settings.
// Constant after construction: any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "pipeline/component.h"

namespace kolben::pipeline {

struct Definition {
  std::string id;
  const ComponentType* type;
  const config::Node* config;  // an empty map where the file says nothing
  config::Location location;   // of the id
};

class Catalog {
 public:
  // Reads the sections receivers, processors, exporters, connectors and extensions of `root`. Both
  // arguments outlive the catalog.
  Catalog(const config::Node& root, std::span<const ComponentType> types, config::Errors& errors);

  const std::vector<Definition>& of(Kind kind) const;
  // Null where the configuration defines no such component.
  const Definition* find(Kind kind, std::string_view id) const;
  // Whether the section names the id, even where its type is unknown (which was told already).
  bool mentions(Kind kind, std::string_view id) const;
  // ` (did you mean "batch"?)`
  std::string did_you_mean(Kind kind, std::string_view id) const;

 private:
  void read_section(const config::Node& root, Kind kind, std::span<const ComponentType> types,
                    config::Errors& errors);

  struct Section {
    std::vector<Definition> definitions;
    std::vector<std::string> ids;  // the unknown ones as well
  };
  Section sections_[5];
};

// "receivers"
std::string_view section_name(Kind kind);

}  // namespace kolben::pipeline
