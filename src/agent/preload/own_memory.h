// OwnMemory: what the library has mapped in the program, so that it can be kept out of the memory
// that the program locks (mlockall), where it would count.
//
// map(): any thread, lock-free. The rest: one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kolben::agent {

class OwnMemory {
 public:
  // Zeroed; only touched pages cost. Null: none, or kMappingsMax are there.
  void* map(std::size_t bytes);
  // Mapped by somebody else. False: there is no place for it.
  bool add(void* memory, std::size_t bytes);
  // It is mapped no more.
  void remove(const void* memory);

  // While hidden none of map()'s may be touched, and the kernel, too, lets it be.
  void hide() { protect(true); }
  void show() { protect(false); }
  // It counts among the program's locked memory no more.
  void unlock() const;
  // What is mapped from now on would be locked.
  bool is_locked() const { return is_locked_.load(std::memory_order_relaxed); }
  void expect_locked() { is_locked_.store(true, std::memory_order_relaxed); }

  std::size_t bytes_of(const void* memory) const;

  // More than there are tables in the library.
  static constexpr std::uint32_t kMappingsMax = 32;

 private:
  struct Mapping {
    std::atomic<bool> is_taken{false};
    std::atomic<void*> memory{nullptr};
    std::size_t bytes = 0;
    bool is_ours = false;  // by map()
  };

  void protect(bool is_hidden);
  Mapping* claim();
  void* map_unlocked(std::size_t bytes);
  template <typename Use>
  void for_each(Use use) const;

  std::atomic<bool> is_locked_{false};
  Mapping mappings_[kMappingsMax];
};

}  // namespace kolben::agent
