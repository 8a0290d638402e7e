// The files of rings, and those that nobody removed: an agent process that is killed (out of
// memory, say) leaves its own behind, and /dev/shm is memory.
#pragma once

namespace kolben::agent {

// How the launcher calls them, before a number.
inline constexpr char kRingFilePrefix[] = "kolben-agent-";

// For the agent process: marks the ring as in use as long as it lives. The descriptor stays open.
void hold_ring(const char* path);

// The agent process of a ring that is younger may not have come to hold it yet.
inline constexpr long kYoungRingSeconds = 60;

// For the launcher: removes the rings of this user in `directory` that no agent process holds. A
// program that still has one mapped keeps its mapping, and nobody would have read it.
void remove_abandoned_rings(const char* directory, long young_seconds = kYoungRingSeconds);

}  // namespace kolben::agent
