// Thread: a named thread that its owner joins. The name shows in `ps -L` and in debuggers.
#pragma once

#include <string>
#include <thread>
#include <utility>

namespace kolben {

// Names the calling thread; the kernel keeps the first 15 bytes.
void set_current_thread_name(const std::string& name);

class Thread {
 public:
  Thread() = default;
  template <typename Function>
  Thread(std::string name, Function function)
      : thread_([name = std::move(name), function = std::move(function)]() mutable {
          set_current_thread_name(name);
          function();
        }) {}
  Thread(Thread&&) noexcept = default;
  Thread& operator=(Thread&& other) noexcept {
    join();
    thread_ = std::move(other.thread_);
    return *this;
  }
  ~Thread() { join(); }

  // Waits for the end; the owner has told the function to end before.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace kolben
