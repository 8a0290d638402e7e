// What `opentelemetry-instrument --help` prints.
#pragma once

#include <cstdio>

namespace kolben::agent {

inline constexpr char kUsage[] =
    "usage: opentelemetry-instrument [OPTIONS] command [command_args ...]\n";

void print_help(std::FILE* to);

}  // namespace kolben::agent
