// Bytes: a view of immutable bytes that keeps their owner alive. Copying shares, never copies the
// bytes. Any thread may hold one; the bytes do not change.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kolben {

class Bytes {
 public:
  Bytes() = default;
  // `view` must point into something that lives as long as `owner`.
  Bytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  static Bytes from_string(std::string text) {
    auto owned = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *owned;
    return {std::move(owned), view};
  }

  std::string_view view() const { return view_; }
  const char* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace kolben
