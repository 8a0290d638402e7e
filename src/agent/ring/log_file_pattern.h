// Which files the configuration names as log files: absolute paths in which `*` stands for any
// characters but a slash, `?` for one of them. Pure, freestanding, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

// `path` without an end zero. Takes time that grows with the product of both sizes at most.
bool matches_log_file(const char* pattern, const char* path, std::size_t path_size);

// Whether one of the patterns, each with an end zero, matches the path.
bool is_log_file(const char* patterns, std::uint32_t patterns_size, const char* path,
                 std::size_t path_size);

}  // namespace kolben::agent
