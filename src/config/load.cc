#include "config/load.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "config/yaml.h"

namespace kolben::config {
namespace {

// Of a pipe, until more comes: nobody may be writing to it.
constexpr int kPauseMillisMax = 5000;

Result<std::string> read_file(const std::string& path) {
  const std::string attempted = "reading " + path;
  // A FIFO without a writer would be waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return from_errno(errno, attempted);
  std::string text;
  Status status;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      pollfd more = {descriptor, POLLIN, 0};
      if (::poll(&more, 1, kPauseMillisMax) > 0) continue;
      status = deadline_exceeded(attempted + ": nothing came within " +
                                 std::to_string(kPauseMillisMax / 1000) + " s");
      break;
    }
    if (count < 0) status = from_errno(errno, attempted);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kFileBytesMax) {
      status = resource_exhausted(attempted + ": larger than " +
                                  std::to_string(kFileBytesMax >> 20) + " MiB");
      break;
    }
  }
  ::close(descriptor);
  if (!status.is_ok()) return status;
  return text;
}

class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }
  Result<std::string> file(const std::string& path) const override { return read_file(path); }
};

Source file_source(const std::string& path, const Environment& environment, Errors& errors) {
  Result<std::string> text = environment.file(path);
  if (!text.has_value()) {
    errors.add({}, text.error().message());
    return {};
  }
  Source source = text_source(*text, path, errors);
  if (source.root.kind == NodeKind::kNull && errors.empty()) {
    errors.add({path, 0, 0}, "empty configuration file");
  }
  return source;
}

// The path of --set in the form of keys: with "::" between the parts.
std::string to_key_path(std::string_view path) {
  std::string keys(path);
  if (keys.find("::") != std::string::npos) return keys;
  for (std::size_t dot = keys.find('.'); dot != std::string::npos; dot = keys.find('.', dot + 2)) {
    keys.replace(dot, 1, "::");
  }
  return keys;
}

// Everything that came from the command line has the flag as its place.
void set_location(Node& node, const Location& location) {
  node.location = location;
  for (Node& item : node.items) set_location(item, location);
  for (auto& [key, value] : node.fields) set_location(value, location);
  for (Location& key_location : node.field_locations) key_location = location;
}

}  // namespace

const Environment& process_environment() {
  static const ProcessEnvironment environment;
  return environment;
}

Source text_source(std::string_view text, const std::string& name, Errors& errors) {
  Node root = parse_yaml(text, name, errors);
  if (root.kind != NodeKind::kMap && root.kind != NodeKind::kNull) {
    errors.add(root.location, "the configuration must be a map, not " + describe(root));
    return {};
  }
  return {std::move(root)};
}

Source read_source(std::string_view uri, const Environment& environment, Errors& errors) {
  if (uri.starts_with("yaml:")) return text_source(uri.substr(5), "--config yaml:", errors);
  if (uri.starts_with("env:")) {
    const std::string name(uri.substr(4));
    const std::optional<std::string> text = environment.variable(name);
    if (text) return text_source(*text, "env:" + name, errors);
    errors.add({}, "--config env:" + name + ": the variable is not set");
    return {};
  }
  if (uri.starts_with("file:")) uri.remove_prefix(5);
  return file_source(std::string(uri), environment, errors);
}

Source set_source(std::string_view assignment, Errors& errors) {
  const std::size_t equal = assignment.find('=');
  const std::string_view path = assignment.substr(0, equal);
  const Location location{"--set " + std::string(path), 0, 0};
  if (equal == std::string_view::npos || equal == 0) {
    errors.add(location, "missing equal sign: want key=value");
    return {};
  }
  const std::string keys = to_key_path(path);
  Node value = parse_yaml(assignment.substr(equal + 1), location.file, errors);
  set_location(value, location);
  Source source;
  source.root.kind = NodeKind::kMap;
  source.root.location = location;
  if (keys.size() > kDepthMax * kDepthMax ||
      !add_at_path(source.root, keys, location, std::move(value))) {
    errors.add(location, "is no path of keys");
  }
  return source;
}

void merge_into(Node& target, Node source) {
  if (target.kind != NodeKind::kMap || source.kind != NodeKind::kMap) {
    target = std::move(source);
    return;
  }
  for (std::size_t i = 0; i < source.fields.size(); ++i) {
    auto& [key, value] = source.fields[i];
    if (Node* there = target.find(key)) {
      merge_into(*there, std::move(value));
    } else {
      target.add(std::move(key), std::move(source.field_locations[i]), std::move(value));
    }
  }
}

Node load(std::vector<Source> sources, const Environment& environment, Errors& errors) {
  Node root;
  root.kind = NodeKind::kMap;
  for (Source& source : sources) {
    // Where what is missing altogether should stand: in the first file.
    if (root.location.file.empty()) root.location = source.root.location;
    // An empty source says nothing; it does not override.
    if (source.root.kind == NodeKind::kMap) merge_into(root, std::move(source.root));
  }
  expand(root, environment, errors);
  return root;
}

}  // namespace kolben::config
