// The labels of a series as text: `job="todo",endpoint="/"`. A name stands there once, whatever
// attributes a program sends: Prometheus drops a whole scrape for one series with a label twice.
// One thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "model/attributes.h"

namespace kolben::prometheus {

// What the points of one target share.
class LabelText {
 public:
  // Nothing happens where the name is taken: who comes first wins.
  void add(std::string_view name, std::string_view value);
  // In the order of their names. Keys that become the same name are joined by ';', as the
  // specification says; a name that is taken gets "exported_" before it, as Prometheus does it. So
  // do "le" and "quantile", which samples have themselves.
  void add(const Attributes& attributes);

  // These labels and those of a point. `own_name` is kept for the sample itself: "le", "quantile".
  std::string with(const Attributes& attributes, std::string_view own_name) const;

 private:
  std::string text_;
  std::set<std::string, std::less<>> names_;
};

// 'name="value"', after a comma where something stands before.
void append_label(std::string& out, std::string_view name, std::string_view value);

}  // namespace kolben::prometheus
