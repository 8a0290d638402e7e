#include "agent/process/sampler_settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "agent/process/endpoint.h"
#include "config/node.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kSampler = "OTEL_TRACES_SAMPLER";
constexpr std::string_view kArgument = "OTEL_TRACES_SAMPLER_ARG";

// A sampler's name without "parentbased_".
std::string_view root_of(std::string_view name) {
  constexpr std::string_view kParentBased = "parentbased_";
  if (name.starts_with(kParentBased)) name.remove_prefix(kParentBased.size());
  return name;
}

// As the sampler reads it: without an exponent.
bool is_ratio(const std::string& value) {
  char* end = nullptr;
  const double parsed = std::strtod(value.c_str(), &end);
  const bool is_whole = !value.empty() && end == value.c_str() + value.size();
  const bool is_plain = value.find_first_not_of("0123456789.") == std::string::npos;
  return is_whole && is_plain && parsed <= 1;
}

// The argument, or an item of it, as it may be said: somebody's address has a password in it, under
// a mistyped key or beside another sampler. Numbers are none.
std::string shown_argument(std::string_view argument) {
  constexpr std::string_view kOfNumbers = "0123456789.+-eE";
  std::string shown;
  for (const std::string_view item : split_list(argument)) {
    if (!shown.empty()) shown += ',';
    const std::size_t equals = item.find('=');
    const bool has_key = equals != std::string_view::npos;
    const std::string_view value = has_key ? item.substr(equals + 1) : item;
    if (has_key) shown.append(item.substr(0, equals + 1));
    if (trimmed(value).find_first_not_of(kOfNumbers) == std::string_view::npos) {
      shown.append(value);
    } else if (has_key || value.find_first_of("@:/?") != std::string_view::npos) {
      shown.append(kHidden);
    } else {
      shown.append(value);  // a word
    }
  }
  return shown;
}

void check_ratio(Variables& variables) {
  const std::string value(variables.text(kArgument));
  if (value.empty() || is_ratio(value)) return;
  variables.warn_value(kArgument, shown_argument(value), "not a number from 0 to 1; using 1");
}

// Of a sampler that has none.
void check_no_ratio(Variables& variables, const std::string& sampler) {
  const std::string_view value = variables.text(kArgument);
  if (value.empty()) return;
  variables.warn_value(kArgument, shown_argument(value),
                       "has no effect with OTEL_TRACES_SAMPLER=" +
                           (sampler.empty() ? "parentbased_always_on" : sampler) +
                           "; traceidratio and parentbased_traceidratio have a share");
}

void read_interval(Variables& variables, std::string_view value, RemoteSampling& remote) {
  constexpr std::uint64_t kShortest = 100;
  constexpr std::uint64_t kLongest = 86'400'000;  // a day
  constexpr std::uint64_t kNanosPerMilli = 1'000'000;
  std::uint64_t millis = 0;
  const auto end = std::from_chars(value.data(), value.data() + value.size(), millis);
  if (end.ec != std::errc() || end.ptr != value.data() + value.size() || millis == 0) {
    return variables.warn_value(kArgument, shown_argument(value),
                                "no number of milliseconds; using 60000");
  }
  remote.interval_nanos = std::clamp(millis, kShortest, kLongest) * kNanosPerMilli;
}

void read_endpoint(Variables& variables, std::string endpoint, RemoteSampling& remote) {
  if (remove_user_info(endpoint)) {
    variables.warn(std::string(kArgument) + ": " + std::string(kNoUserInfo));
  }
  if (set_sampling_endpoint(endpoint, remote)) return;
  variables.warn_value(
      kArgument, shown_endpoint(endpoint),
      "want http://host:port or https://host:port; using " + std::string(kDefaultSamplingEndpoint));
  set_sampling_endpoint(kDefaultSamplingEndpoint, remote);
}

void warn_unknown(Variables& variables, std::string_view name) {
  const std::vector<std::string_view> names = {
      "always_on",    "always_off",    "parentbased_always_on",    "parentbased_always_off",
      "traceidratio", "jaeger_remote", "parentbased_traceidratio", "parentbased_jaeger_remote"};
  const std::string_view meant = config::nearest(name, names);
  const std::string hint = meant.empty() ? "known: always_on, always_off, traceidratio, "
                                           "jaeger_remote, each with parentbased_ before it"
                                         : "did you mean " + std::string(meant) + "?";
  variables.warn_value(kSampler, name,
                       "unknown sampler (" + hint + "); parentbased_always_on holds");
}

}  // namespace

bool set_sampling_endpoint(std::string_view endpoint, RemoteSampling& remote) {
  constexpr std::string_view kPortOfHttp = ":5778";
  constexpr std::string_view kPathOfHttp = "/sampling";
  const std::size_t scheme_end = endpoint.find("://");
  const bool has_scheme = scheme_end != std::string_view::npos;
  const std::string scheme = has_scheme ? lower(endpoint.substr(0, scheme_end)) : "http";
  std::string_view rest = has_scheme ? endpoint.substr(scheme_end + 3) : endpoint;
  const std::size_t slash = rest.find('/');
  const std::string_view path = slash == std::string_view::npos ? "/" : rest.substr(slash);
  const std::string_view authority = rest.substr(0, slash);
  if ((scheme != "http" && scheme != "https") || authority.empty()) return false;
  remote.peer.insecure = scheme == "http";
  const bool is_port_of_http = authority.ends_with(kPortOfHttp);
  remote.is_grpc = path == "/" && !is_port_of_http;
  if (remote.is_grpc) {
    const std::size_t colon = authority.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    remote.peer.endpoint = std::string(authority) + (has_port ? "" : ":14250");
  } else {
    remote.peer.endpoint =
        scheme + "://" + std::string(authority) + std::string(path == "/" ? kPathOfHttp : path);
  }
  return true;
}

bool is_remote_sampler(std::string_view name) {
  return root_of(lower(name)) == "jaeger_remote";
}

RemoteSampling read_remote_sampling(Variables& variables) {
  RemoteSampling remote;
  set_sampling_endpoint(kDefaultSamplingEndpoint, remote);
  for (const std::string_view item : split_list(variables.text(kArgument))) {
    const std::size_t equals = item.find('=');
    const std::string_view key = trimmed(item.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? "" : trimmed(item.substr(equals + 1));
    if (key == "endpoint") {
      read_endpoint(variables, std::string(value), remote);
    } else if (key == "pollingIntervalMs") {
      read_interval(variables, value, remote);
    } else if (key != "initialSamplingRate") {
      variables.warn_value(kArgument, shown_argument(item),
                           "unknown (known: endpoint=, pollingIntervalMs=, initialSamplingRate=)");
    } else if (!is_ratio(std::string(value))) {
      variables.warn_value(kArgument, shown_argument(item),
                           "not a number from 0 to 1; using 0.001");
    }
  }
  return remote;
}

std::string describe_initial_rate(std::string_view argument) {
  constexpr std::string_view kKey = "initialSamplingRate";
  double rate = 0.001;
  for (const std::string_view item : split_list(argument)) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || trimmed(item.substr(0, equals)) != kKey) continue;
    const std::string value(trimmed(item.substr(equals + 1)));
    if (is_ratio(value)) rate = std::strtod(value.c_str(), nullptr);
  }
  char number[32];
  std::snprintf(number, sizeof(number), "%g", rate);
  const std::string text(number);
  if (rate <= 0) return text + ": no trace";
  if (rate >= 1) return text + ": each trace";
  // A thousand million is more than anybody counts.
  const auto in = static_cast<std::uint64_t>(std::min(1 / rate + 0.5, 1e9));
  const bool is_one_in = std::fabs(rate * static_cast<double>(in) - 1) < 1e-6;
  if (!is_one_in) return text + " of all traces";
  if (in == 1000) return text + ": one trace in a thousand";
  return text + ": one trace in " + std::to_string(in);
}

void check_sampler(Variables& variables) {
  const std::string value = lower(variables.text(kSampler));
  const std::string_view root = root_of(value);
  if (is_remote_sampler(value)) return;  // read_remote_sampling() says it
  if (root == "traceidratio") return check_ratio(variables);
  if (!root.empty() && root != "always_on" && root != "always_off") {
    return warn_unknown(variables, value);
  }
  check_no_ratio(variables, value);
}

}  // namespace kolben::agent
