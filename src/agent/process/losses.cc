#include "agent/process/losses.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kolben::agent {
namespace {

std::string counted(const Loss& loss) {
  std::string_view one = "span";
  if (loss.signal == Signal::kMetrics) one = "metric point";
  if (loss.signal == Signal::kLogs) one = "log record";
  return std::to_string(loss.items) + " " + std::string(one) + (loss.items == 1 ? "" : "s");
}

std::string collector_of(const Loss& loss) {
  std::string_view endpoint = loss.endpoint;
  const std::string path = "/v1/" + std::string(to_string(loss.signal));
  if (endpoint.ends_with(path)) endpoint.remove_suffix(path.size());
  return std::string(endpoint);
}

// "3 spans, 1 metric point and 2 log records"
std::string joined(const std::vector<std::string>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i != 0) text += i + 1 == counts.size() ? " and " : ", ";
    text += counts[i];
  }
  return text;
}

struct Collector {
  std::string name;
  std::vector<std::string> counts;
  Status why;
};

std::string sentence_of(const Collector& collector) {
  std::string text =
      "kolben agent: " + joined(collector.counts) + " could not be exported to " + collector.name;
  if (collector.why.is_ok()) return text;
  text += ": " + collector.why.to_string();
  // Not where one answers that it is too busy.
  const bool nobody_answers = collector.why.message().find("connecting to ") != std::string::npos;
  if (collector.why.code() == StatusCode::kUnavailable && nobody_answers) {
    text += "; does a collector run there (`kolben up`)?";
  }
  return text;
}

}  // namespace

std::vector<std::string> loss_sentences(const std::vector<Loss>& losses) {
  std::vector<Collector> collectors;
  for (const Loss& loss : losses) {
    if (loss.items == 0) continue;
    const std::string name = collector_of(loss);
    auto found = std::find_if(collectors.begin(), collectors.end(),
                              [&](const Collector& collector) { return collector.name == name; });
    if (found == collectors.end()) {
      collectors.push_back({.name = name, .counts = {}, .why = {}});
      found = collectors.end() - 1;
    }
    found->counts.push_back(counted(loss));
    if (!loss.why.is_ok()) found->why = loss.why;
  }
  std::vector<std::string> sentences;
  for (const Collector& collector : collectors) sentences.push_back(sentence_of(collector));
  return sentences;
}

}  // namespace kolben::agent
