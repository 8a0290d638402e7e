// An allocator as jemalloc and its like: the first call, from whatever stage of loading, opens,
// reads and closes a file by the calls that the library stands behind. Never frees.
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

namespace {

alignas(64) char memory[64 << 20];
size_t used = 0;
bool begun = false;

void begin() {
  begun = true;
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  char buffer[256];
  [[maybe_unused]] const ssize_t size = read(file, buffer, sizeof(buffer));
  close(file);
}

// The size is in front of each piece.
void* take(size_t size, size_t alignment) {
  if (!begun) begin();
  const size_t wanted = alignment < 16 ? 16 : alignment;
  const size_t at =
      (__atomic_fetch_add(&used, size + 2 * wanted, __ATOMIC_RELAXED) + 2 * wanted) & ~(wanted - 1);
  if (at + size > sizeof(memory)) return nullptr;
  memcpy(memory + at - sizeof(size), &size, sizeof(size));
  return memory + at;
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  return take(size, 16);
}
void free(void*) {}
void* calloc(size_t count, size_t size) {
  return take(count * size, 16);  // fresh memory is zero
}
void* realloc(void* old, size_t size) {
  void* fresh = take(size, 16);
  if (old == nullptr || fresh == nullptr) return fresh;
  size_t old_size = 0;
  memcpy(&old_size, static_cast<char*>(old) - sizeof(old_size), sizeof(old_size));
  return memcpy(fresh, old, old_size < size ? old_size : size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return take(size, alignment);
}
void* memalign(size_t alignment, size_t size) {
  return take(size, alignment);
}
int posix_memalign(void** result, size_t alignment, size_t size) {
  *result = take(size, alignment);
  return *result == nullptr ? 12 : 0;
}

}  // extern "C"
