// The sampler and the propagators of a configuration file, as the texts that the variables
// OTEL_TRACES_SAMPLER and OTEL_PROPAGATORS would have: the library understands those.
// Source: opentelemetry-configuration 1.1, tracer_provider.yaml, propagator.yaml.
#pragma once

#include "agent/process/settings.h"
#include "config/reader.h"

namespace kolben::agent {

// The key `sampler` of the tracer_provider; into the texts for the library, which are there, and
// for a remote one into remote_sampling.
void read_sampler(config::Reader& provider, Settings& settings, config::Errors& errors);
// The section `propagator`.
void read_propagators(config::Reader& propagator, LibraryTexts& texts, config::Errors& errors);

}  // namespace kolben::agent
