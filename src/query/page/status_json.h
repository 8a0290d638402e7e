// The state of the program as the page's first screen shows it: what the store holds, what the
// receivers took and refused, who was turned away at a door and why. Read from the program's own
// metrics, so that a receiver needs to count in one place only:
//
//   otelcol_receiver_accepted_<items>, otelcol_receiver_refused_<items>  {receiver, transport}
//   kolben_listener_rejected                                             {listener, reason}
//
// each with or without "_total" at the end. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "pipeline/component.h"
#include "storage/store.h"

namespace kolben::query::page {

struct ProgramState {
  std::uint64_t now_unix_nanos = 0;
  storage::StoreStats store;
  std::vector<pipeline::Sample> samples;
  std::vector<pipeline::BoundPort> ports;
};

std::string status_json(const ProgramState& state);

}  // namespace kolben::query::page
