#include "agent/preload/own_memory.h"

#include <sys/mman.h>

namespace kolben::agent {

OwnMemory::Mapping* OwnMemory::claim(std::size_t bytes) {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used > most_ || bytes > most_ - used) return nullptr;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  for (Mapping& mapping : mappings_) {
    if (mapping.is_taken.exchange(true, std::memory_order_acquire)) continue;
    mapping.bytes = bytes;
    return &mapping;
  }
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  return nullptr;
}

void OwnMemory::release(Mapping& mapping) {
  used_.fetch_sub(mapping.bytes, std::memory_order_relaxed);
  mapping.is_taken.store(false, std::memory_order_release);
}

void* OwnMemory::map(std::size_t bytes) {
  Mapping* mapping = claim(bytes);
  if (mapping == nullptr) return nullptr;
  void* memory = map_unlocked(bytes);
  mapping->is_ours = true;
  mapping->memory.store(memory, std::memory_order_release);
  if (memory == nullptr) release(*mapping);
  return memory;
}

void* OwnMemory::map_unlocked(std::size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const bool is_locked = this->is_locked();
  // Locked memory is filled at once, but where nobody may touch it.
  const int access = is_locked ? PROT_NONE : PROT_READ | PROT_WRITE;
  void* memory = mmap(nullptr, bytes, access, kFlags, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  if (is_locked &&
      (munlock(memory, bytes) != 0 || mprotect(memory, bytes, PROT_READ | PROT_WRITE) != 0)) {
    munmap(memory, bytes);
    return nullptr;
  }
  return memory;
}

bool OwnMemory::add(void* memory, std::size_t bytes) {
  Mapping* mapping = claim(bytes);
  if (mapping == nullptr) return false;
  mapping->is_ours = false;
  mapping->memory.store(memory, std::memory_order_release);
  return true;
}

void OwnMemory::remove(const void* memory) {
  for (Mapping& mapping : mappings_) {
    if (mapping.memory.load(std::memory_order_relaxed) != memory) continue;
    mapping.memory.store(nullptr);
    release(mapping);
  }
}

template <typename Use>
void OwnMemory::for_each(Use use) const {
  for (const Mapping& mapping : mappings_) {
    void* memory = mapping.memory.load(std::memory_order_acquire);
    if (memory != nullptr) use(memory, mapping);
  }
}

void OwnMemory::protect(bool is_hidden) {
  const int access = is_hidden ? PROT_NONE : PROT_READ | PROT_WRITE;
  for_each([access](void* memory, const Mapping& mapping) {
    if (mapping.is_ours) mprotect(memory, mapping.bytes, access);
  });
}

void OwnMemory::unlock() const {
  for_each([](void* memory, const Mapping& mapping) { munlock(memory, mapping.bytes); });
}

std::size_t OwnMemory::bytes_of(const void* memory) const {
  std::size_t bytes = 0;
  for_each([&](void* mapped, const Mapping& mapping) {
    if (mapped == memory) bytes = mapping.bytes;
  });
  return bytes;
}

}  // namespace kolben::agent
