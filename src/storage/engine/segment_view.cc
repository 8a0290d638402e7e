#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

std::string_view Texts::operator[](std::size_t number) const {
  if (number >= size_) return {};
  if (ends_.empty()) return texts_[number];
  const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  const std::size_t end = ends_[number];
  if (begin > end || end > bytes_.size()) return {};
  return bytes_.substr(begin, end - begin);
}

}  // namespace kolben::storage::engine
