// FanOut: one consumer in front of several.
//
// The branches are independent: each gets a batch of its own (wire bytes are shared, because nobody
// can change them; decoded data is encoded first, which is cheaper than a deep copy for each branch
// and what most exporters want anyway) and a part of the receipt. A branch that refuses resolves
// its part with that error, the others go on; the sender hears of the first error when all have
// answered, and when it sends again, the branches that took the data get it again. So consume()
// itself is always OK: what one branch took cannot be given back.
//
// Any thread. The branches outlive it.
#pragma once

#include <vector>

#include "pipeline/component.h"

namespace kolben::pipeline {

class FanOut final : public Consumer {
 public:
  explicit FanOut(std::vector<Consumer*> branches) : branches_(std::move(branches)) {}

  Status consume(Delivery&& delivery) override;

 private:
  const std::vector<Consumer*> branches_;
};

}  // namespace kolben::pipeline
