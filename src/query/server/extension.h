// The extension `query`: the web page and the APIs that read the store, on one port. Its keys are
// in README.md.
//
// Threads: the HTTP server's own, which serves the page's files, and a few workers that wait for
// the store. stop() lets running requests end until the deadline.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::query {

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context);

}  // namespace kolben::query
