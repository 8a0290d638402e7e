// What a Python reads at its start, looked at before it does: whether it will load our
// sitecustomize.py (agent/python), and the PYTHONPATH that lets it.
#pragma once

#include <cstddef>

namespace kolben::agent {

// Whether these arguments of `python3` keep it from reading the variable or a sitecustomize: -I,
// -E, -S, alone or among others.
bool is_python_on_its_own(int argc, char* const* argv);

// Whether an entry of this list belongs to another agent, which has a sitecustomize.py of its own
// and would not load ours, or not bear it.
bool has_other_agent(const char* list);

// `folder`, then the entries of `list` (null: none) but those that are `folder`. False: no room.
bool put_first(const char* folder, const char* list, char* result, std::size_t size);

}  // namespace kolben::agent
