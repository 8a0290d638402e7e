// YAML files, expansion and the emitter on bytes of strangers: nothing may crash, hang or grow.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/emit.h"
#include "config/load.h"

namespace {

class NoFiles final : public kolben::config::Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    if (name.size() == 1) return "x${" + name + "}";
    return std::nullopt;
  }
  kolben::Result<std::string> file(const std::string&) const override {
    return kolben::not_found("no files here");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Errors errors;
  std::vector<Source> sources;
  sources.push_back(text_source(text, "fuzz", errors));
  const Node root = load(std::move(sources), NoFiles(), errors);
  static_cast<void>(to_masked_yaml(root));
  return 0;
}
