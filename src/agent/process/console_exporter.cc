#include "agent/process/console_exporter.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace kolben::agent {

ConsoleExporter::ConsoleExporter(int file_descriptor, ConsoleFormat format, SharedOutput& output,
                                 Messages& messages)
    : file_descriptor_(file_descriptor), format_(format), output_(output), messages_(messages) {
  thread_ = Thread("kolben-console", [this] { run(); });
}

ConsoleExporter::~ConsoleExporter() {
  stop();
}

void ConsoleExporter::export_batch(const Batch& batch) {
  std::string text;
  // The program wrote a prompt, say: JSON does not begin behind it.
  if (output_.line_is_open) text += '\n';
  const std::size_t begin = text.size();
  format_console(batch, format_, text);
  if (text.size() == begin) return;
  MutexLock lock(mutex_);
  if (queue_bytes_ + text.size() > kQueueBytesMax) {
    dropped_ += batch.items();
    return;
  }
  output_.line_is_open = false;
  queue_bytes_ += text.size();
  queue_.push_back({std::move(text), batch.items()});
  changed_.notify_one();
}

void ConsoleExporter::shutdown(std::chrono::steady_clock::time_point /*deadline*/) {
  stop();
  const auto say = [this](std::uint64_t items, const std::string& why) {
    if (items == 0) return;
    messages_.say("kolben agent: " + std::to_string(items) + " items were not printed: " + why);
  };
  say(dropped_, "the reader of the standard output was too slow");
  say(unwritten_,
      "the standard output cannot be written (" + std::string(std::strerror(write_error_)) + ")");
}

bool ConsoleExporter::is_idle() {
  MutexLock lock(mutex_);
  return queue_.empty() && !is_writing_;
}

void ConsoleExporter::stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void ConsoleExporter::run() {
  bool is_closed = false;
  while (true) {
    Text text;
    {
      MutexLock lock(mutex_);
      is_writing_ = false;
      while (queue_.empty() && !is_stopping_) changed_.wait(mutex_);
      if (queue_.empty()) return;
      text = std::move(queue_.front());
      queue_.pop_front();
      queue_bytes_ -= text.bytes.size();
      is_writing_ = true;
    }
    if (is_closed) continue;
    const int error = write_all(text.bytes);
    // Nobody reads any more, or the program has closed it: nothing to complain about.
    is_closed = error == EPIPE || error == EBADF || error == EINVAL;
    if (error == 0 || is_closed) continue;
    unwritten_ += text.items;
    if (write_error_ == 0) write_error_ = error;
  }
}

int ConsoleExporter::write_all(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(file_descriptor_, text.data() + done, text.size() - done);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {  // the program has set the shared description non-blocking
      ::usleep(1000);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace kolben::agent
