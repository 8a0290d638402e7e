// Whoever captures what the launched program prints waits until nobody has the other end open. So
// this process, which shares it, lets go of it as soon as the programs that are left have done so:
// daemons that the program started.
#pragma once

#include <cstdint>
#include <vector>

namespace kolben::agent {

// Lets go of stdout and stderr where these are pipes or sockets that none of the processes has as
// its own standard output or error: what is said from then on goes to /dev/null. True: of both.
bool let_go_of_outputs(const std::vector<std::uint32_t>& pids);

}  // namespace kolben::agent
