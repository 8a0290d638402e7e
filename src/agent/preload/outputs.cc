#include "agent/preload/outputs.h"

#include <errno.h>

#include <cstring>

namespace kolben::agent {
namespace {

bool has_trace(const Context& context) {
  constexpr std::uint8_t kNone[sizeof(context.trace_id)] = {};
  return std::memcmp(context.trace_id, kNone, sizeof(kNone)) != 0;
}

}  // namespace

void Outputs::forked(std::uint32_t pid) {
  pid_ = pid;
  // The parent records its half lines itself.
  for (Line& line : lines_) {
    line.size = 0;
    line.busy.store(false, std::memory_order_relaxed);
  }
  for (FILE* stream : {stdout, stderr}) {
    const int file = file_of(stream);
    if (file >= 0) pending_[file - 1].forked(stream);
  }
}

bool Outputs::is_output(int file) {
  if (!enabled_ || (file != 1 && file != 2)) return false;
  std::uint8_t known = known_[file - 1].load(std::memory_order_relaxed);
  if (known == 0) {
    known = is_noted_output(ring_, file) ? 1 : 2;
    known_[file - 1].store(known, std::memory_order_relaxed);
  }
  return known == 1;
}

void Outputs::written(ThreadState& thread, int file, const iovec* pieces, int count,
                      std::size_t bytes) {
  if (bytes == 0 || !is_output(file)) return;
  std::size_t done = 0;
  for (std::uint32_t i = 0; i < kOutputRecordsMax && done < bytes; ++i) {
    const std::size_t left = bytes - done;
    const std::size_t size = left < kOutputBytesMax ? left : kOutputBytesMax;
    const bool last = i + 1 == kOutputRecordsMax;
    record(thread, file, pieces, count, done, static_cast<std::uint32_t>(size),
           last ? left - size : 0);
    done += size;
  }
}

void Outputs::record(ThreadState& thread, int file, const iovec* pieces, int count,
                     std::size_t skip, std::uint32_t size, std::uint64_t cut) {
  Output fixed;
  fixed.time = system_->now();
  fixed.context = thread.span != 0 ? thread.span_context : thread.request_context;
  const Context* process = process_ == nullptr ? nullptr : process_->known();
  if (!has_trace(fixed.context) && process_ != nullptr) {
    fixed.context = process != nullptr ? *process : process_->possible();
  }
  fixed.file_descriptor = static_cast<std::uint16_t>(file);
  fixed.is_told = thread.output_told_depth != 0 ? 1 : 0;
  fixed.bytes_size = size;
  fixed.bytes_cut = cut;
  RecordWriter writer(ring_, RecordType::kOutput, static_cast<std::uint32_t>(sizeof(fixed)) + size,
                      pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  for (int i = 0; i < count && size != 0; ++i) {
    if (skip >= pieces[i].iov_len) {
      skip -= pieces[i].iov_len;
      continue;
    }
    const std::size_t rest = pieces[i].iov_len - skip;
    const auto piece = static_cast<std::uint32_t>(rest < size ? rest : size);
    writer.append(static_cast<const char*>(pieces[i].iov_base) + skip, piece);
    size -= piece;
    skip = 0;
  }
}

void Outputs::printed(ThreadState& thread, int file, const char* text, std::size_t size,
                      std::size_t cut) {
  if (size == 0 || !is_output(file)) return;
  Line& line = lines_[file - 1];
  iovec whole = {const_cast<char*>(text), size};
  if (line.busy.exchange(true, std::memory_order_acquire)) {
    // Two threads print at once, or a signal handler does: the piece goes alone.
    written(thread, file, &whole, 1, size);
    return;
  }
  if (size > sizeof(line.bytes) - line.size) flush_line(thread, file, line);
  if (size > sizeof(line.bytes)) {
    written(thread, file, &whole, 1, size);
  } else {
    std::memcpy(line.bytes + line.size, text, size);
    line.size += static_cast<std::uint32_t>(size);
    if (text[size - 1] == '\n' || cut != 0) flush_line(thread, file, line);
  }
  line.busy.store(false, std::memory_order_release);
}

void Outputs::flush_line(ThreadState& thread, int file, Line& line) {
  if (line.size == 0) return;
  iovec piece = {line.bytes, line.size};
  written(thread, file, &piece, 1, line.size);
  line.size = 0;
}

void Outputs::flush(ThreadState& thread, int file) {
  Line& line = lines_[file - 1];
  if (line.busy.exchange(true, std::memory_order_acquire)) return;
  flush_line(thread, file, line);
  line.busy.store(false, std::memory_order_release);
}

void Outputs::flush(ThreadState& thread) {
  flush(thread, 1);
  flush(thread, 2);
}

void Outputs::replaced(ThreadState& thread, int file) {
  if (file != 1 && file != 2) return;
  flush(thread, file);  // it was printed to what the file was
  known_[file - 1].store(0, std::memory_order_relaxed);
}

int Outputs::file_of(FILE* stream) const {
  if (!enabled_ || (stream != stdout && stream != stderr)) return -1;
  if (stream == nullptr || is_closed(stream)) return -1;
  const int saved = errno;
  const int file = fileno_unlocked(stream);
  errno = saved;
  return file == 1 || file == 2 ? file : -1;
}

bool Outputs::is_closed(FILE* stream) const {
  return stream == closed_[0].load(std::memory_order_relaxed) ||
         stream == closed_[1].load(std::memory_order_relaxed);
}

void Outputs::stream_closes(FILE* stream) {
  if (stream == stdout) closed_[0].store(stream, std::memory_order_relaxed);
  if (stream == stderr) closed_[1].store(stream, std::memory_order_relaxed);
}

void Outputs::enter(ThreadState& thread, FILE* stream, int file) {
  pending_[file - 1].enter(stream, [&](const char* text, std::size_t size, std::size_t cut) {
    printed(thread, file, text, size, cut);
  });
}

void Outputs::streams_end(ThreadState& thread) {
  for (FILE* stream : {stdout, stderr}) {
    const int file = file_of(stream);
    if (file < 0) continue;
    enter(thread, stream, file);
    leave(stream, file);
  }
}

}  // namespace kolben::agent
