// Connectors join pipelines to one another: who feeds whom, and in which order they can be built.
// Pure functions.
#pragma once

#include <span>
#include <vector>

#include "config/node.h"
#include "pipeline/catalog.h"
#include "pipeline/service.h"

namespace kolben::pipeline {

// Mistakes go to `errors`: a connector that shares its id with a receiver or an exporter; one that
// a pipeline feeds while nobody takes what it makes of that, or the other way round.
void check_connectors(const Catalog& catalog, std::span<const PipelineSettings> pipelines,
                      config::Errors& errors);

// Every pipeline once, each after all that its connectors feed. Where connectors lead data back to
// the pipeline it came from, that is told to `errors`, and the pipelines concerned come last.
//
// A connector is one instance whatever it converts, so a circle is one even where the signals on it
// differ: {traces -> count -> metrics -> count -> logs} wants two connectors, count/1 and count/2.
std::vector<const PipelineSettings*> downstream_first(const Catalog& catalog,
                                                      std::span<const PipelineSettings> pipelines,
                                                      config::Errors& errors);

}  // namespace kolben::pipeline
