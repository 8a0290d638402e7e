#include "pipeline/receipt.h"

#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"

namespace kolben::pipeline {
namespace {

// What the parts of a split receipt share. The last part resolves the whole.
struct Split {
  Split(Receipt receipt, std::size_t count) : whole(std::move(receipt)), left(count) {}

  void resolve_part(Status status) {
    if (!status.is_ok()) {
      MutexLock lock(mutex);
      if (first_error.is_ok()) first_error = std::move(status);
    }
    if (left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    Status result;
    {
      MutexLock lock(mutex);
      result = std::move(first_error);
    }
    whole.resolve(std::move(result));
  }

  Receipt whole;  // touched by the last part alone
  std::atomic<std::size_t> left;
  Mutex mutex;
  Status first_error KOLBEN_GUARDED_BY(mutex);
};

}  // namespace

Receipt::Receipt(Callback on_resolved)
    : callback_(on_resolved ? std::make_unique<Callback>(std::move(on_resolved)) : nullptr) {}

Receipt& Receipt::operator=(Receipt&& other) noexcept {
  if (this != &other) {
    resolve(internal_error("the delivery was dropped without an answer"));
    callback_ = std::move(other.callback_);
  }
  return *this;
}

Receipt::~Receipt() {
  resolve(internal_error("the delivery was dropped without an answer"));
}

void Receipt::resolve(Status status) {
  // Taken out first: the callback may destroy this receipt.
  if (const std::unique_ptr<Callback> callback = std::move(callback_)) {
    (*callback)(std::move(status));
  }
}

std::vector<Receipt> Receipt::split(std::size_t count) && {
  std::vector<Receipt> parts;
  parts.reserve(count);
  if (count == 0) {
    // Nobody is left who could fail.
    resolve(Status::ok());
    return parts;
  }
  if (callback_ == nullptr) {
    parts.resize(count);
    return parts;
  }
  if (count == 1) {
    parts.push_back(std::move(*this));
    return parts;
  }
  // Shared: the parts end on different threads, and nobody knows which is the last.
  const auto split = std::make_shared<Split>(std::move(*this), count);
  for (std::size_t i = 0; i < count; ++i) {
    parts.emplace_back([split](Status status) { split->resolve_part(std::move(status)); });
  }
  return parts;
}

Receipt Receipt::gather(std::vector<Receipt> receipts) {
  std::erase_if(receipts, [](const Receipt& receipt) { return receipt.callback_ == nullptr; });
  if (receipts.empty()) return {};
  if (receipts.size() == 1) return std::move(receipts.front());
  return Receipt([receipts = std::move(receipts)](const Status& status) mutable {
    for (Receipt& receipt : receipts) receipt.resolve(status);
  });
}

}  // namespace kolben::pipeline
