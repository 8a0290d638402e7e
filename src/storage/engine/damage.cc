#include "storage/engine/damage.h"

namespace kolben::storage::engine {
namespace {

// So many different places are told; a disk that falls apart is known to do so by then.
constexpr std::size_t kToldMax = 100;

}  // namespace

Status Damage::found(Status status) {
  queries_.fetch_add(1, std::memory_order_relaxed);
  const std::string what(status.message());
  bool is_new = false;
  {
    const MutexLock lock(mutex_);
    is_new = told_.size() < kToldMax && told_.insert(what).second;
  }
  const std::string told = what + "; " + std::string(kDamageRemedy);
  if (is_new) report_("a query met damage: " + told);
  return data_loss(told);
}

}  // namespace kolben::storage::engine
