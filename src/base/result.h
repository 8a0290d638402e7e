// Result<T>: a value, or the Status that says why there is none. The names are std::expected's, so
// that Result can become an alias once the compiler has it in the language mode that we use.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/status.h"

namespace kolben {

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit on purpose: `return value;` and `return not_found("...");` both read well.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {
    KOLBEN_CHECK(!std::get<1>(state_).is_ok());  // an OK status carries no value
  }

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked_value(); }
  const T& value() const& { return const_cast<Result*>(this)->checked_value(); }
  T&& value() && { return std::move(checked_value()); }

  T& operator*() & { return checked_value(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked_value(); }
  T&& operator*() && { return std::move(checked_value()); }
  T* operator->() { return &checked_value(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked_value(); }

  template <typename U>
  T value_or(U&& fallback) && {
    return has_value() ? std::move(checked_value()) : static_cast<T>(std::forward<U>(fallback));
  }

  // The reason; only where there is no value.
  const Status& error() const& {
    KOLBEN_CHECK(!has_value());
    return std::get<1>(state_);
  }
  Status&& error() && {
    KOLBEN_CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

  // OK, or the reason.
  Status status() const { return has_value() ? Status() : std::get<1>(state_); }

  template <typename Function>
  auto and_then(Function&& function) && -> std::invoke_result_t<Function, T> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<Function>(function)(std::move(checked_value()));
  }

  template <typename Function>
  auto transform(Function&& function) && -> Result<std::invoke_result_t<Function, T>> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<Function>(function)(std::move(checked_value()));
  }

 private:
  T& checked_value() {
    KOLBEN_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Status> state_;
};

}  // namespace kolben

// KOLBEN_TRY(auto file, fs.open(path)): declares `file`, or returns the error.
#define KOLBEN_TRY(declaration, expression) \
  KOLBEN_TRY_IMPL_(KOLBEN_CONCAT_(kolben_result_, __LINE__), declaration, expression)
#define KOLBEN_TRY_IMPL_(result, declaration, expression)    \
  auto result = (expression);                                \
  if (!result.has_value()) return std::move(result).error(); \
  declaration = std::move(result).value()
#define KOLBEN_CONCAT_(a, b) KOLBEN_CONCAT_IMPL_(a, b)
#define KOLBEN_CONCAT_IMPL_(a, b) a##b
