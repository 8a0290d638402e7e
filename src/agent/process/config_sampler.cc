#include "agent/process/config_sampler.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/process/config_choice.h"
#include "agent/process/config_exporters.h"
#include "agent/process/endpoint.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent {
namespace {

// The agent has the first six; of the others OpenTelemetry has a definition.
const std::vector<std::string_view> kSamplers = {"always_on",
                                                 "always_off",
                                                 "trace_id_ratio_based",
                                                 "parent_based",
                                                 "jaeger_remote",
                                                 "jaeger_remote/development",
                                                 "",  // behind it what the agent has not
                                                 "always_record",
                                                 "composite/development",
                                                 "probability/development"};
constexpr std::ptrdiff_t kSamplersKnown = 6;
constexpr std::string_view kPropagatorsElsewhere[] = {"xray", "ottrace"};

// Without an exponent, which the library does not read.
std::string ratio_text(double ratio) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, ratio, std::chars_format::fixed, 17);
  return {text, end.ptr};
}

void ignore(const config::Node& node, const std::string& path, std::string_view name,
            config::Errors& errors) {
  errors.warn(node.location, path + ": the agent has no sampler \"" + std::string(name) +
                                 "\"; parent_based with the root always_on is used");
}

double read_ratio(config::Reader& reader) {
  double ratio = 1;
  reader.optional("ratio", ratio);
  if (!(ratio >= 0 && ratio <= 1)) reader.error("ratio", "want a number from 0 to 1");
  return ratio;
}

// Which share of the traces a remote sampler begins with.
void read_initial(config::Reader& remote, LibraryTexts& texts, config::Errors& errors) {
  const ConfigChoice choice = read_choice(remote, "initial_sampler", kSamplers, errors);
  if (choice.name.empty()) return;
  double ratio = choice.name == "always_off" ? 0 : 1;
  if (choice.name == "trace_id_ratio_based") {
    ratio = read_ratio(*choice.reader(errors));
  } else if (choice.name != "always_on" && choice.name != "always_off") {
    remote.error("initial_sampler", "want always_on, always_off or trace_id_ratio_based");
  }
  texts.sampler_argument = "initialSamplingRate=" + ratio_text(ratio);
}

void read_remote(const ConfigChoice& choice, Settings& settings, config::Errors& errors) {
  constexpr std::uint64_t kShortestNanos = 100'000'000;
  const auto reader = choice.reader(errors);
  RemoteSampling& remote = settings.remote_sampling.emplace();
  std::string endpoint;
  reader->optional("endpoint", endpoint);
  if (remove_user_info(endpoint)) reader->error("endpoint", std::string(kNoUserInfo));
  if (endpoint.empty()) {
    reader->error("endpoint", "is missing, for example " + std::string(kDefaultSamplingEndpoint));
  } else if (!set_sampling_endpoint(endpoint, remote)) {
    reader->error("endpoint", "want http://host:port or https://host:port");
  }
  read_millis(*reader, "interval", remote.interval_nanos);
  if (remote.interval_nanos == 0) {
    remote.interval_nanos = RemoteSampling().interval_nanos;
    errors.warn(reader->raw("interval")->location,
                choice.path + "::interval: 0 is no interval; using 60000");
  }
  remote.interval_nanos = std::max(remote.interval_nanos, kShortestNanos);
  settings.for_library->sampler = "jaeger_remote";
  read_initial(*reader, *settings.for_library, errors);
}

// A sampler of traces without parent. False: none of them, which was said.
bool read_root(const ConfigChoice& choice, const config::Node& node, Settings& settings,
               config::Errors& errors) {
  const auto known = std::find(kSamplers.begin(), kSamplers.end(), choice.name);
  if (known - kSamplers.begin() >= kSamplersKnown || choice.name == "parent_based") {
    ignore(node, choice.path, choice.name, errors);
    return false;
  }
  if (choice.name.starts_with("jaeger_remote")) {
    read_remote(choice, settings, errors);
    return true;
  }
  LibraryTexts& texts = *settings.for_library;
  texts.sampler = choice.name;
  const auto reader = choice.reader(errors);
  if (choice.name != "trace_id_ratio_based") return true;
  texts.sampler = "traceidratio";
  texts.sampler_argument = ratio_text(read_ratio(*reader));
  return true;
}

// What is below a parent follows it; another wish is said.
void check_delegate(config::Reader& parent_based, std::string_view key, std::string_view follows,
                    config::Errors& errors) {
  const config::Node* node = parent_based.raw(key);
  if (node == nullptr || node->kind == config::NodeKind::kNull) return;
  const std::string path = parent_based.path() + "::" + std::string(key);
  const ConfigChoice choice = read_choice(*node, path, kSamplers, errors);
  if (choice.name.empty() || choice.name == follows) return;
  errors.warn(node->location, path + ": the agent follows the parent: " + std::string(follows));
}

void read_parent_based(config::Reader& reader, Settings& settings, config::Errors& errors) {
  check_delegate(reader, "remote_parent_sampled", "always_on", errors);
  check_delegate(reader, "remote_parent_not_sampled", "always_off", errors);
  check_delegate(reader, "local_parent_sampled", "always_on", errors);
  check_delegate(reader, "local_parent_not_sampled", "always_off", errors);
  const config::Node* root = reader.raw("root");
  if (root == nullptr || root->kind == config::NodeKind::kNull) return;
  const ConfigChoice choice = read_choice(*root, reader.path() + "::root", kSamplers, errors);
  if (choice.name.empty() || !read_root(choice, *root, settings, errors)) return;
  settings.for_library->sampler.insert(0, "parentbased_");
}

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

void read_sampler(config::Reader& provider, Settings& settings, config::Errors& errors) {
  const config::Node* node = provider.raw("sampler");
  if (node == nullptr || node->kind == config::NodeKind::kNull) return;
  const ConfigChoice choice = read_choice(*node, provider.path() + "::sampler", kSamplers, errors);
  if (choice.name.empty()) return;
  if (choice.name == "parent_based") {
    const auto reader = choice.reader(errors);
    read_parent_based(*reader, settings, errors);
  } else {
    read_root(choice, *node, settings, errors);
  }
}

void read_propagators(config::Reader& propagator, LibraryTexts& texts, config::Errors& errors) {
  texts.propagators.clear();
  std::vector<std::string_view> known;
  for (const TraceFormatName& one : kTraceFormatNames) known.emplace_back(one.text);
  const auto add = [&](std::string_view name, const config::Location& location) {
    if (is_one_of(name, kPropagatorsElsewhere)) {
      errors.warn(location, propagator.path() + ": the agent has no propagator \"" +
                                std::string(name) + "\"; the others are used");
    } else if (!is_one_of(name, known)) {
      errors.add(location, propagator.path() + ": unknown propagator \"" + std::string(name) +
                               "\"" + config::did_you_mean(name, known));
    } else {
      if (!texts.propagators.empty()) texts.propagators += ',';
      texts.propagators += name;
    }
  };
  const config::Node* composite = propagator.raw("composite");
  if (composite != nullptr) {
    for (const config::Node& item : composite->items) {
      // {b3: } since 0.4, b3 before.
      const bool is_map = item.kind == config::NodeKind::kMap && item.fields.size() == 1;
      add(is_map ? item.fields[0].first : item.text, item.location);
    }
  }
  std::string list;
  propagator.optional("composite_list", list);
  const config::Node* at = propagator.raw("composite_list");
  for (const std::string_view name : split_list(list)) {
    add(name, at == nullptr ? propagator.location() : at->location);
  }
  if (texts.propagators.empty()) texts.propagators = "none";
}

}  // namespace kolben::agent
