// ObjectTable<T>: what is known of objects of a library, which have nothing but an address.
//
// A bounded number of places in memory that is mapped at the first object. Lock-free; any thread.
// One object is for one thread at a time, as its library demands. T is plain data, usable when all
// bytes are zero; what add() returns holds what the place's last user left in it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/map_once.h"
#include "agent/preload/system.h"

namespace kolben::agent {

template <typename T, std::uint32_t kMax>
class ObjectTable {
  static_assert((kMax & (kMax - 1)) == 0 && kMax >= 16);

 public:
  // Null: nothing is known of it.
  T* find(const void* object) const {
    Places* places = places_.load(std::memory_order_acquire);
    if (places == nullptr || object == nullptr) return nullptr;
    std::uint32_t index = first_index(object);
    for (std::uint32_t i = 0; i < kWindow; ++i, index = (index + 1) & (kMax - 1)) {
      if (places->objects[index].load(std::memory_order_relaxed) == object) {
        return &places->values[index];
      }
    }
    return nullptr;
  }

  // An object that is not there. Null: all places that it could have are taken.
  T* add(const System& system, const void* object) {
    Places* places = mapped(system);
    if (places == nullptr || object == nullptr) return nullptr;
    std::uint32_t index = first_index(object);
    for (std::uint32_t i = 0; i < kWindow; ++i, index = (index + 1) & (kMax - 1)) {
      const void* nobody = nullptr;
      if (places->objects[index].compare_exchange_strong(nobody, object)) {
        return &places->values[index];
      }
    }
    return nullptr;
  }

  void remove(T* value) {
    Places* places = places_.load(std::memory_order_relaxed);
    places->objects[index_of(value)].store(nullptr, std::memory_order_release);
  }

  std::uint32_t index_of(const T* value) const {
    return static_cast<std::uint32_t>(value - places_.load(std::memory_order_relaxed)->values);
  }

  // Calls `use(value)` for each that is there.
  template <typename Use>
  void for_each(Use use) {
    Places* places = places_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; places != nullptr && i < kMax; ++i) {
      if (places->objects[i].load(std::memory_order_relaxed) != nullptr) use(&places->values[i]);
    }
  }

 private:
  // How many places an object may have: two lines of the cache.
  static constexpr std::uint32_t kWindow = 16;

  struct Places {
    std::atomic<const void*> objects[kMax];
    T values[kMax];
  };

  static std::uint32_t first_index(const void* object) {
    constexpr std::uint64_t kGolden = 0x9e37'79b9'7f4a'7c15;
    const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(object) * kGolden;
    return static_cast<std::uint32_t>(mixed >> 40) & (kMax - 1);
  }

  Places* mapped(const System& system) {
    memory_.map(system, sizeof(Places), [&](void* memory) {
      places_.store(static_cast<Places*>(memory), std::memory_order_release);
    });
    return places_.load(std::memory_order_acquire);
  }

  std::atomic<Places*> places_{nullptr};
  MapOnce memory_;
};

}  // namespace kolben::agent
