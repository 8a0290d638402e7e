// Which traces are recorded: OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, and what these say of a
// remote sampler.
// Source: OpenTelemetry specification, "Environment Variable Specification", "JaegerRemoteSampler".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/process/exporter_settings.h"
#include "agent/process/variables.h"

namespace kolben::agent {

// Who is asked for the strategies, and how often.
struct RemoteSampling {
  PeerSettings peer;
  bool is_grpc = true;
  std::uint64_t interval_nanos = 60'000'000'000;
};
inline constexpr std::string_view kDefaultSamplingEndpoint = "http://localhost:14250";

// "http://host:port" is asked over gRPC, with a path over HTTP; at 5778, Jaeger's port for that,
// the path /sampling goes without saying. False: the scheme is neither http nor https.
bool set_sampling_endpoint(std::string_view endpoint, RemoteSampling& remote);

// Whether it is jaeger_remote or parentbased_jaeger_remote.
bool is_remote_sampler(std::string_view name);
// Of the same list, for people: "0.001: one trace in a thousand".
std::string describe_initial_rate(std::string_view argument);
// Of "endpoint=...,pollingIntervalMs=...,initialSamplingRate=...". The last one is the Sampler's.
RemoteSampling read_remote_sampling(Variables& variables);

// Says what the sampler (agent/protocols/sampler.h) takes for the default.
void check_sampler(Variables& variables);

}  // namespace kolben::agent
