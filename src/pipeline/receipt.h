// Receipt: the one-shot completion of a delivery. Whoever takes the responsibility for the data
// resolves it: the store after fdatasync, a persistent queue after its write, a memory queue at
// once, an exporter with `wait_for_result` after its peer's answer. The receiver answers its sender
// when the receipt resolves; no thread waits.
//
// Receipts follow the data: a fan-out splits one receipt into several (the first error wins, OK
// needs all), a merge of batches gathers several receipts into one. A receipt that is destroyed
// unresolved resolves as INTERNAL: data never vanishes silently.
//
// Move-only. Resolving is safe from any thread; the callback runs on the thread that resolves last,
// and must not block.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "base/unique_function.h"

namespace kolben::pipeline {

class Receipt {
 public:
  using Callback = UniqueFunction<void(Status)>;

  // A receipt that nobody waits for.
  Receipt() = default;
  explicit Receipt(Callback on_resolved);
  Receipt(Receipt&&) noexcept = default;
  Receipt& operator=(Receipt&& other) noexcept;
  ~Receipt();

  // Ends this receipt. Resolving an empty or resolved one does nothing.
  void resolve(Status status);

  // `count` receipts in place of this one, which becomes empty. It resolves when all have.
  std::vector<Receipt> split(std::size_t count) &&;

  // One receipt in place of many: each gets the status of the one.
  static Receipt gather(std::vector<Receipt> receipts);

 private:
  std::unique_ptr<Callback> callback_;
};

}  // namespace kolben::pipeline
