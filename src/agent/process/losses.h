// What the exporters could not send, said once for all signals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/batch.h"

namespace kolben::agent {

struct Loss {
  Signal signal = Signal::kTraces;
  std::uint64_t items = 0;
  std::string endpoint;
  Status why;               // the last failure; ok: none, the queue was full
  std::string advice = {};  // of export_advice.h
};

// "1 span", "3 log records"
std::string counted(Signal signal, std::uint64_t items);
// "3 spans, 1 metric point and 2 log records"
std::string joined(const std::vector<std::string>& counts);

// A sentence for each collector that something was lost for; "localhost:4317" is one for all
// signals, and so is "http://localhost:4318/v1/traces" with its neighbours.
std::vector<std::string> loss_sentences(const std::vector<Loss>& losses);

}  // namespace kolben::agent
