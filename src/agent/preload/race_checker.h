// ThreadSanitizer in the program that we are in. It sees what our code does by functions of the C
// library (memcpy), but not what orders it, our atomics: it would report races that are none, and
// end the program with its own exit code. So we say where our code begins and ends.
#pragma once

namespace kolben::agent {

class RaceChecker {
 public:
  // In the constructor, once. False: there is one that cannot be told, so that nothing of ours may
  // run.
  [[gnu::cold]] bool find();

  bool is_there() const { return begin_ != nullptr; }
  // In pairs, in one thread.
  [[gnu::cold]] void own_code_begins() const { begin_(); }
  [[gnu::cold]] void own_code_ends() const { end_(); }

 private:
  using Mark = void (*)();
  Mark begin_ = nullptr;
  Mark end_ = nullptr;
};

}  // namespace kolben::agent
