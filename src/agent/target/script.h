// Which script an interpreter is to run: the one argument of a program that says what it is, and
// holds no secret. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

inline constexpr std::size_t kScriptNameBytesMax = 128;

// "app.py" of `python3 -u /srv/app.py`, "-m pytest" of `python3 -m pytest`, "app.jar" of `java -jar
// app.jar`; its size, 0 where there is none. `executable` is the program's path, of `size` bytes.
// Only behind options that take no value: what follows another one may be anything. Nobody looks
// whether the file is there, which would be a call that the program does not make.
std::uint32_t find_script(const char* executable, std::size_t size, int argc, char* const* argv,
                          char (&name)[kScriptNameBytesMax]);

}  // namespace kolben::agent
