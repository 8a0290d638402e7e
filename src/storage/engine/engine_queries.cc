// The engine's side of questions: a snapshot, and the function that answers.
#include "storage/engine/engine.h"

namespace kolben::storage::engine {
namespace {

Status not_yet() {
  return unimplemented("this question to parts");
}

}  // namespace

Result<TracePage> Engine::search(const TraceQuery&) {
  return not_yet();
}

Result<Batch> Engine::get_trace(const TraceId&) {
  return not_yet();
}

Result<Histogram> Engine::histogram(const HistogramQuery&) {
  return not_yet();
}

Result<Batch> Engine::logs(const LogQuery&) {
  return not_yet();
}

Result<std::vector<std::string>> Engine::services() {
  return not_yet();
}

Result<std::vector<Operation>> Engine::operations(std::string_view) {
  return not_yet();
}

Result<std::vector<KeyCount>> Engine::keys(std::string_view, std::uint32_t) {
  return not_yet();
}

Result<std::vector<std::string>> Engine::values(const Field&, std::string_view, std::uint32_t) {
  return not_yet();
}

Result<std::vector<ServiceLink>> Engine::dependencies(TimeRange) {
  return not_yet();
}

}  // namespace kolben::storage::engine
