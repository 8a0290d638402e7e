// UniqueFunction<R(Args...)>: a callable that may own move-only things. Empty until assigned;
// calling an empty one is a bug. std::move_only_function of C++23 takes its place one day.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace kolben {

template <typename Signature>
class UniqueFunction;

template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;

  template <typename Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, UniqueFunction> &&
             std::is_invocable_r_v<R, Callable&, Args...>)
  UniqueFunction(Callable&& callable)
      : target_(
            std::make_unique<Holder<std::decay_t<Callable>>>(std::forward<Callable>(callable))) {}

  explicit operator bool() const { return target_ != nullptr; }

  R operator()(Args... args) {
    KOLBEN_CHECK(target_ != nullptr);
    return target_->call(std::forward<Args>(args)...);
  }

 private:
  struct Target {
    virtual ~Target() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename Callable>
  struct Holder final : Target {
    explicit Holder(Callable held) : callable(std::move(held)) {}
    R call(Args... args) override { return callable(std::forward<Args>(args)...); }
    Callable callable;
  };
  std::unique_ptr<Target> target_;
};

}  // namespace kolben
