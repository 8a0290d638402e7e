#include "agent/process/exemplars.h"

namespace kolben::agent {

void ExemplarReservoir::keep(std::size_t place, double value, const MeasuredFor& whom,
                             std::uint64_t time) {
  kept_[place] = {.value = value, .time = time, .trace_id = whom.trace_id, .span_id = whom.span_id};
}

void ExemplarReservoir::offer(double value, const MeasuredFor& whom, std::uint64_t time,
                              Random& random) {
  const std::uint64_t number = offered_++;
  const std::uint64_t place = number < kept_.size() ? number : random.below(offered_);
  if (place < kept_.size()) keep(place, value, whom, time);
}

void ExemplarReservoir::collect(bool is_integral, List<Exemplar>& exemplars, Arena& arena) {
  for (Kept& kept : kept_) {
    if (kept.time == 0) continue;
    Exemplar& exemplar = exemplars.add(arena);
    exemplar.time_unix_nano = kept.time;
    exemplar.value.type = is_integral ? NumberType::kInt : NumberType::kDouble;
    exemplar.value.integer = is_integral ? static_cast<std::int64_t>(kept.value) : 0;
    exemplar.value.real = is_integral ? 0 : kept.value;
    exemplar.trace_id = kept.trace_id;
    exemplar.span_id = kept.span_id;
    kept = Kept();
  }
  offered_ = 0;
}

}  // namespace kolben::agent
