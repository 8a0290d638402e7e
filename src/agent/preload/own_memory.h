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
  // How much address space the program may have (RLIMIT_AS): most of it is to stay its own.
  void set_address_space(std::size_t bytes) { most_ = bytes / kShare; }
  // Zeroed; only touched pages cost. Null: none, too much, or kMappingsMax are there.
  void* map(std::size_t bytes);
  // Mapped by somebody else. False: there is no place for it, or it is too much.
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
  // Of the address space; where it is not limited, this is nothing.
  static constexpr std::size_t kShare = 4;

 private:
  struct Mapping {
    std::atomic<bool> is_taken{false};
    std::atomic<void*> memory{nullptr};
    std::size_t bytes = 0;
    bool is_ours = false;  // by map()
  };

  void protect(bool is_hidden);
  Mapping* claim(std::size_t bytes);
  void release(Mapping& mapping);
  void* map_unlocked(std::size_t bytes);
  template <typename Use>
  void for_each(Use use) const;

  std::atomic<bool> is_locked_{false};
  std::size_t most_ = SIZE_MAX;
  std::atomic<std::size_t> used_{0};
  Mapping mappings_[kMappingsMax];
};

}  // namespace kolben::agent
