// What a condition finds in a row group of spans. A condition may look in several places (a span's
// attributes, its resource's, its events'); what they find is added up.
#pragma once

#include <vector>

#include "storage/engine/scan/column_scan.h"
#include "storage/engine/scan/selection.h"

namespace kolben::storage::scan {

// What can be said of the rows of a row group before values are read: which have a value at all,
// which have one that satisfies the condition. kSome may turn out to be any of the three.
struct Prospect {
  Outcome there = Outcome::kNone;
  Outcome satisfied = Outcome::kNone;

  void add(const Prospect& other) {
    there = sum(there, other.there);
    satisfied = sum(satisfied, other.satisfied);
  }

 private:
  static Outcome sum(Outcome a, Outcome b) {
    if (a == Outcome::kAll || b == Outcome::kAll) return Outcome::kAll;
    return a == Outcome::kNone && b == Outcome::kNone ? Outcome::kNone : Outcome::kSome;
  }
};

// The rows. `there` is filled only where somebody asks (of kNotEqual).
struct Found {
  explicit Found(std::size_t rows, bool with_there)
      : satisfied(rows), there(with_there ? rows : 0), wants_there(with_there) {}

  Selection satisfied, there;
  bool wants_there;
};

}  // namespace kolben::storage::scan
