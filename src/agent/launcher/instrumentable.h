// Whether the dynamic loader will put the library into a program.
#pragma once

#include "agent/target/elf.h"

namespace kolben::agent {

// Null: it will. Else why not, for the sentence "PATH is ...".
const char* why_not_instrumented(const char* path);

// The loader that this program, and so the library, was made for.
FileId own_loader();

}  // namespace kolben::agent
