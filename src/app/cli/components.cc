// kolben components: what a configuration may name, as YAML.

#include "app/components.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "app/cli/commands.h"
#include "pipeline/catalog.h"

namespace kolben::app {
namespace {

std::string signals_of(const pipeline::ComponentType& type) {
  std::string text;
  for (const Signal signal : kAllSignals) {
    if (!type.handles(signal)) continue;
    text.append(text.empty() ? "" : ", ").append(to_string(signal));
  }
  return "[" + text + "]";
}

std::string conversions_of(const pipeline::ComponentType& type) {
  std::string text;
  for (const pipeline::Conversion& conversion : type.conversions) {
    text.append(text.empty() ? "" : ", ").append(to_string(conversion.from));
    text.append(" to ").append(to_string(conversion.to));
  }
  return "[" + text + "]";
}

void print_kind(pipeline::Kind kind) {
  std::string text(pipeline::section_name(kind));
  text += ":\n";
  for (const pipeline::ComponentType& type : components()) {
    if (type.kind != kind) continue;
    text.append("  - name: ").append(type.type).append("\n");
    if (!type.alias.empty()) text.append("    alias: ").append(type.alias).append("\n");
    if (kind == pipeline::Kind::kExtension) continue;
    const bool is_connector = kind == pipeline::Kind::kConnector;
    text.append("    signals: ").append(is_connector ? conversions_of(type) : signals_of(type));
    text.append("\n");
  }
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_components(CLI::App& program, int& exit_code) {
  program.add_subcommand("components", "List what a configuration may name")
      ->callback([&exit_code] {
        for (const auto kind :
             {pipeline::Kind::kReceiver, pipeline::Kind::kProcessor, pipeline::Kind::kExporter,
              pipeline::Kind::kConnector, pipeline::Kind::kExtension}) {
          print_kind(kind);
        }
        exit_code = 0;
      });
}

}  // namespace kolben::app
