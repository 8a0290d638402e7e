#include "app/configuration.h"

#include <pwd.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "app/built_in_config.h"

namespace kolben::app {
namespace {

// The process's variables with the two of the command line in front.
class CommandLineEnvironment final : public config::Environment {
 public:
  CommandLineEnvironment(const ConfigurationOptions& options, const config::Environment& outer)
      : outer_(outer), data_dir_(options.data_dir), listen_host_(options.listen_host) {}

  std::optional<std::string> variable(const std::string& name) const override {
    if (name == "KOLBEN_LISTEN_HOST") return bracketed(or_outer(listen_host_, name, "localhost"));
    if (name == "KOLBEN_DATA_DIR") {
      const std::string path = or_outer(data_dir_, name, default_data_dir(outer_));
      if (path.empty()) return std::nullopt;
      return escaped(path);
    }
    return outer_.variable(name);
  }
  Result<std::string> file(const std::string& path) const override { return outer_.file(path); }

 private:
  std::string or_outer(const std::string& flag, const std::string& name,
                       const std::string& otherwise) const {
    if (!flag.empty()) return flag;
    const std::optional<std::string> value = outer_.variable(name);
    return value && !value->empty() ? *value : otherwise;
  }

  // "::" is followed by ":4317": an IPv6 address needs brackets.
  static std::string bracketed(const std::string& host) {
    const bool is_bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return is_bare_ipv6 ? "[" + host + "]" : host;
  }

  // Values are expanded in turn; a path is not.
  static std::string escaped(const std::string& path) {
    std::string text;
    for (const char c : path) text.append(c == '$' ? "$$" : std::string(1, c));
    return text;
  }

  const config::Environment& outer_;
  const std::string data_dir_;
  const std::string listen_host_;
};

std::string home_directory(const config::Environment& environment) {
  if (const auto home = environment.variable("HOME"); home && !home->empty()) return *home;
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
}

}  // namespace

std::string default_data_dir(const config::Environment& environment) {
  // A relative path here is to be ignored, says the specification.
  if (const auto base = environment.variable("XDG_DATA_HOME"); base && base->starts_with('/')) {
    return *base + "/kolben";
  }
  const std::string home = home_directory(environment);
  return home.empty() ? "" : home + "/.local/share/kolben";
}

config::Node load_configuration(const ConfigurationOptions& options,
                                const config::Environment& environment, config::Errors& errors) {
  const CommandLineEnvironment command_line(options, environment);
  std::vector<config::Source> sources;
  if (options.with_built_in) {
    sources.push_back(config::text_source(built_in_config(), "built-in", errors));
  }
  for (const std::string& file : options.files) {
    sources.push_back(config::read_source(file, command_line, errors));
  }
  for (const std::string& set : options.sets) {
    sources.push_back(config::set_source(set, errors));
  }
  return config::load(std::move(sources), command_line, errors);
}

}  // namespace kolben::app
