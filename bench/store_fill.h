// A store filled without its log: parts written one behind the other, as large as merges leave
// them. For benches of sizes that would take too long to send.
#pragma once

#include <cstdint>
#include <string>

#include "bench/generator.h"

namespace kolben::bench {

// Makes the store in `path`, or exits with what is wrong.
void fill_store(const std::string& path, std::uint64_t spans, SpanData data);
// When its last span begins at the latest.
std::uint64_t fill_end(std::uint64_t spans);

}  // namespace kolben::bench
