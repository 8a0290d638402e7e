// Whether the dynamic loader will put the library into a program.
#pragma once

namespace kolben::agent {

// Null: it will. Else why not, for the sentence "PATH is ...".
const char* why_not_instrumented(const char* path);

}  // namespace kolben::agent
