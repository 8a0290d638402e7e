#include "agent/process/losses.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "agent/process/export_advice.h"

namespace kolben::agent {
namespace {

struct Collector {
  std::string name;
  std::vector<std::string> counts;
  Status why;
  std::string advice;
};

std::string sentence_of(const Collector& collector) {
  std::string text =
      "kolben agent: " + joined(collector.counts) + " could not be exported to " + collector.name;
  if (collector.why.is_ok()) return text;
  text += ": " + collector.why.to_string();
  if (!collector.advice.empty()) text += "; " + collector.advice;
  return text;
}

}  // namespace

std::string counted(Signal signal, std::uint64_t items) {
  std::string_view one = "span";
  if (signal == Signal::kMetrics) one = "metric point";
  if (signal == Signal::kLogs) one = "log record";
  return std::to_string(items) + " " + std::string(one) + (items == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i != 0) text += i + 1 == counts.size() ? " and " : ", ";
    text += counts[i];
  }
  return text;
}

std::vector<std::string> loss_sentences(const std::vector<Loss>& losses) {
  std::vector<Collector> collectors;
  for (const Loss& loss : losses) {
    if (loss.items == 0) continue;
    const std::string name(collector_of(loss.endpoint, loss.signal));
    auto found = std::find_if(collectors.begin(), collectors.end(),
                              [&](const Collector& collector) { return collector.name == name; });
    if (found == collectors.end()) {
      collectors.push_back({.name = name, .counts = {}, .why = {}, .advice = {}});
      found = collectors.end() - 1;
    }
    found->counts.push_back(counted(loss.signal, loss.items));
    if (loss.why.is_ok()) continue;
    found->why = loss.why;
    found->advice = loss.advice;
  }
  std::vector<std::string> sentences;
  for (const Collector& collector : collectors) sentences.push_back(sentence_of(collector));
  return sentences;
}

}  // namespace kolben::agent
