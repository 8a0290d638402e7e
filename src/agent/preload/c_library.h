// CLibrary: whether a function is the C library's own: what is loaded as one piece with its
// perror().
#pragma once

#include <link.h>

#include <cstdint>

#include "agent/preload/real.h"

namespace kolben::agent {

class CLibrary {
 public:
  CLibrary() : within_(address_of(Real::k_perror)) { dl_iterate_phdr(look_at, this); }

  bool has(Real function) const {
    const std::uintptr_t address = address_of(function);
    return address >= begin_ && address < end_;
  }

 private:
  static std::uintptr_t address_of(Real function) {
    return reinterpret_cast<std::uintptr_t>(real_address(function));
  }
  static int look_at(dl_phdr_info* object, std::size_t, void* found) {
    auto* library = static_cast<CLibrary*>(found);
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const auto& part = object->dlpi_phdr[i];
      const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
      const std::uintptr_t end = begin + part.p_memsz;
      const bool is_it =
          part.p_type == PT_LOAD && library->within_ >= begin && library->within_ < end;
      if (!is_it) continue;
      library->begin_ = begin;
      library->end_ = end;
      return 1;
    }
    return 0;
  }

  std::uintptr_t within_;
  std::uintptr_t begin_ = 0, end_ = 0;
};

}  // namespace kolben::agent
