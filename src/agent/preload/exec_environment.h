// The environment that a program of ours gives to the next one: where the program passes one
// without the agent's variables (`env -i`, a cleaned environment), they are put back in. Where the
// library would harm the next one, or could not be read by it (another root directory, fewer
// rights), or the next one is one of a compiler's many helpers, it is taken out of LD_PRELOAD. The
// variables that carry a trace's context are put in the place of those that are there.
//
// Never changes what the program passed, and allocates nothing: the new array is on the caller's
// stack, since the caller may be a vfork() child in its parent's memory.
#pragma once

#include <cstddef>

#include "agent/target/elf.h"

namespace kolben::agent {

// Remembers LD_PRELOAD's part that is ours, the variables KOLBEN_* and OTEL_*, and what the
// environment says of the trace. Once, at start.
void remember_environment();
// The loader that the library is for; and this process's own, for what is at its path by then.
void remember_loader(const FileId& loader);

// The value at start of a variable OTEL_* ("OTEL_SERVICE_NAME="); empty: it had none.
const char* remembered_value(const char* name);

enum class Library : bool { kHandDown, kTakeOut };
// What is right for the program at `path`; null: unknown, the library goes with it.
Library library_for(const char* path);

// Variables that are ours to say, whatever the program passes.
struct Replacements {
  struct Variable {
    const char* name;  // "TRACEPARENT="
    char* text;        // "TRACEPARENT=00-..."; null: it is taken out
  };
  static constexpr int kCountMax = 4;
  Variable variables[kCountMax];
  int count = 0;

  void add(const char* name, char* text) {
    if (count < kCountMax) variables[count++] = {name, text};
  }
};

// The value at start of a variable that stands for a header ("BAGGAGE="); null: there was none, or
// it is no header's value.
const char* inherited_header(const char* variable);

// Whether the program itself has set this variable ("TRACEPARENT=") for the next one: what it only
// hands on is as it was when this program began.
bool sets_itself(char* const* environment, const char* name);

// What there is to change.
struct EnvironmentChange {
  std::size_t size = 0;           // pointers that change_environment() needs; 0: pass it as it is
  bool completes = false;         // the agent's variables are missing
  std::size_t preload_bytes = 0;  // of the text of LD_PRELOAD, at most
};
// No change either where there are too many variables.
EnvironmentChange change_of(char* const* environment, Library what,
                            const Replacements& replacements);
// Fills `changed` and `preload`, of those sizes.
void change_environment(char* const* environment, Library what, const Replacements& replacements,
                        EnvironmentChange change, char** changed, char* preload);

inline constexpr std::size_t kPreloadBytesMax = 4096;

inline constexpr char kTraceparentName[] = "TRACEPARENT=";
inline constexpr char kTracestateName[] = "TRACESTATE=";
inline constexpr char kBaggageName[] = "BAGGAGE=";
inline constexpr char kCommandName[] = "KOLBEN_AGENT_COMMAND=";

}  // namespace kolben::agent
