#include "agent/preload/outputs.h"

#include <cstring>

#include "agent/preload/pieces.h"

namespace kolben::agent {
namespace {

bool has_trace(const Context& context) {
  constexpr std::uint8_t kNone[sizeof(context.trace_id)] = {};
  return std::memcmp(context.trace_id, kNone, sizeof(kNone)) != 0;
}

// The parent records its half lines itself.
void forget_line(OutputSource& source) {
  source.line.size = 0;
  source.line.busy.store(false, std::memory_order_relaxed);
  source.line_is_open.store(false, std::memory_order_relaxed);
}

}  // namespace

void Outputs::init(const System& system, RingHeader* ring, bool prints, bool files) {
  system_ = &system;
  ring_ = ring;
  prints_ = prints;
  for (int file : {1, 2}) outputs_[file - 1].number = static_cast<std::uint32_t>(file);
  if (files) log_files_.init(system, ring);
  numbers_ = log_files_.any() ? LogFiles::kNumbersMax - 1 : prints ? kOutputs : 0;
}

void Outputs::forked(std::uint32_t pid) {
  pid_ = pid;
  for (OutputSource& output : outputs_) forget_line(output);
  for (FILE* stream : {stdout, stderr}) {
    if (stream == nullptr || !may_have(stream) || is_closed(stream)) continue;
    OutputSource* source = source_of(fileno_unlocked(stream));
    if (source != nullptr) source->pending.forked(stream);
  }
  log_files_.for_each([](OutputSource& source) {
    forget_line(source);
    source.pending.forked(nullptr);
  });
}

bool Outputs::is_output(int file) {
  if (!prints_ || !is_standard(file)) return false;
  std::uint8_t known = known_[file - 1].load(std::memory_order_relaxed);
  if (known == kUnknown) {
    const int output = noted_output(ring_, file);
    known = output == 0 ? kOther : static_cast<std::uint8_t>(output);
    known_[file - 1].store(known, std::memory_order_relaxed);
  }
  return known != kOther;
}

// What its file was when the program was started: a shell moves stderr to its number 1 (`>&2`).
std::uint32_t Outputs::number_of(const OutputSource& source) const {
  if (source.path_size != 0) return source.number;
  const std::uint8_t known = known_[source.number - 1].load(std::memory_order_relaxed);
  return known == 1 || known == 2 ? known : source.number;
}

// The program's output is that, also where it goes to a named file: its lines are told once.
OutputSource* Outputs::source_of(int file) {
  if (!may_have(file)) return nullptr;
  if (is_output(file)) return &outputs_[file - 1];
  // Each connection would be looked at once.
  const bool is_new = log_files_.any() && !log_files_.knows(file);
  if (is_new && connections_ != nullptr && connections_->follows(file)) return nullptr;
  return log_files_.find(file);
}

void Outputs::written(ThreadState& thread, int file, const iovec* pieces, int count,
                      std::size_t bytes) {
  OutputSource* source = bytes == 0 ? nullptr : source_of(file);
  if (source != nullptr) tell(thread, *source, pieces, count, bytes);
}

void Outputs::tell(ThreadState& thread, OutputSource& source, const iovec* pieces, int count,
                   std::size_t bytes, CutBytes cut) {
  std::size_t done = 0;
  for (std::uint32_t i = 0; i < kOutputRecordsMax && done < bytes; ++i) {
    const std::size_t left = bytes - done;
    const std::size_t size = left < kOutputBytesMax ? left : kOutputBytesMax;
    const bool is_last = i + 1 == kOutputRecordsMax || size == left;
    CutBytes missing;
    if (is_last) {
      const bool is_open = cut.count == 0 && byte_at(pieces, count, bytes - 1) != '\n';
      missing = {left - size + cut.count, cut.goes_on || (size != left && is_open)};
    }
    record(thread, source, pieces, count, done, static_cast<std::uint32_t>(size), missing);
    done += size;
  }
}

Context Outputs::context_of(const ThreadState& thread, const OutputSource& source) const {
  if (thread.span != 0) return thread.span_context;
  const bool is_guess = source.path_size != 0 && thread.is_told_of_writes &&
                        connections_ != nullptr && !connections_->serves_no_other(thread);
  if (is_guess) return {};
  if (has_trace(thread.request_context) || process_ == nullptr) return thread.request_context;
  const Context* process = process_->known();
  return process != nullptr ? *process : process_->possible();
}

// Without bytes: what was told last of the file stays a line, though it has no end.
void Outputs::record(ThreadState& thread, OutputSource& source, const iovec* pieces, int count,
                     std::size_t skip, std::uint32_t size, CutBytes cut) {
  Output fixed;
  fixed.time = system_->now();
  fixed.context = context_of(thread, source);
  fixed.file_descriptor = number_of(source);
  fixed.is_told = thread.output_told_depth != 0 ? 1 : 0;
  fixed.path_size = source.path_size;
  fixed.bytes_size = size;
  fixed.bytes_cut = static_cast<std::uint32_t>(cut.count);  // Linux writes less than 2 GiB at once
  fixed.goes_on = cut.goes_on ? 1 : 0;
  RecordWriter writer(ring_, RecordType::kOutput,
                      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.path_size + size, pid_,
                      thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(source.path, fixed.path_size);
  char last = '\n';
  for (int i = 0; i < count && size != 0; ++i) {
    if (skip >= pieces[i].iov_len) {
      skip -= pieces[i].iov_len;
      continue;
    }
    const std::size_t rest = pieces[i].iov_len - skip;
    const auto piece = static_cast<std::uint32_t>(rest < size ? rest : size);
    const char* from = static_cast<const char*>(pieces[i].iov_base) + skip;
    writer.append(from, piece);
    last = from[piece - 1];
    size -= piece;
    skip = 0;
  }
  const bool is_open = cut.count != 0 ? cut.goes_on : last != '\n';
  source.line_is_open.store(is_open, std::memory_order_relaxed);
}

void Outputs::text_is_told(ThreadState& thread, const char* begin, std::size_t begin_size,
                           std::size_t size) {
  if (numbers_ == 0 || thread.output_told_depth == 0) return;
  ToldText fixed;
  constexpr std::size_t kMuch = ~std::uint32_t{0};
  fixed.size = static_cast<std::uint32_t>(size < kMuch ? size : kMuch);
  fixed.begin_size =
      static_cast<std::uint32_t>(begin_size < kToldTextBytesMax ? begin_size : kToldTextBytesMax);
  RecordWriter writer(ring_, RecordType::kToldText,
                      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.begin_size, pid_,
                      thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(begin, fixed.begin_size);
}

void Outputs::printed(ThreadState& thread, OutputSource& source, const char* text, std::size_t size,
                      CutBytes cut) {
  if (size == 0) return;
  OutputSource::Line& line = source.line;
  iovec whole = {const_cast<char*>(text), size};
  if (line.busy.exchange(true, std::memory_order_acquire)) {
    // Two threads print at once, or a signal handler does: the piece goes alone.
    tell(thread, source, &whole, 1, size, cut);
    return;
  }
  if (size > sizeof(line.bytes) - line.size) flush_line(thread, source);
  if (size > sizeof(line.bytes)) {
    tell(thread, source, &whole, 1, size, cut);
  } else {
    std::memcpy(line.bytes + line.size, text, size);
    line.size += static_cast<std::uint32_t>(size);
    if (text[size - 1] == '\n' || cut.count != 0) flush_line(thread, source, cut);
  }
  line.busy.store(false, std::memory_order_release);
}

void Outputs::flush_line(ThreadState& thread, OutputSource& source, CutBytes cut) {
  OutputSource::Line& line = source.line;
  if (line.size == 0) return;
  iovec piece = {line.bytes, line.size};
  tell(thread, source, &piece, 1, line.size, cut);
  line.size = 0;
}

void Outputs::flush(ThreadState& thread, OutputSource& source) {
  OutputSource::Line& line = source.line;
  if (line.busy.exchange(true, std::memory_order_acquire)) return;
  flush_line(thread, source);
  line.busy.store(false, std::memory_order_release);
}

void Outputs::flush(ThreadState& thread) {
  for (OutputSource& output : outputs_) flush(thread, output);
  log_files_.for_each([&](OutputSource& source) { flush(thread, source); });
}

void Outputs::replaced(ThreadState& thread, int file) {
  if (!may_have(file)) return;
  if (is_standard(file)) {
    flush(thread, outputs_[file - 1]);  // it was printed to what the file was
    known_[file - 1].store(0, std::memory_order_relaxed);
  }
  OutputSource* source = log_files_.forget(file);
  if (source == nullptr) return;
  flush(thread, *source);
  if (source->line_is_open.load(std::memory_order_relaxed)) {
    record(thread, *source, nullptr, 0, 0, 0, {});
  }
  LogFiles::release(*source);
}

void Outputs::replaced_range(ThreadState& thread, unsigned first, unsigned last) {
  const auto highest = static_cast<unsigned>(log_files_.highest());
  for (unsigned file = first; file <= last && file <= highest; ++file) {
    replaced(thread, static_cast<int>(file));
  }
}

bool Outputs::is_closed(FILE* stream) const {
  return stream == closed_[0].load(std::memory_order_relaxed) ||
         stream == closed_[1].load(std::memory_order_relaxed);
}

void Outputs::stream_closes(FILE* stream) {
  if (stream == stdout) closed_[0].store(stream, std::memory_order_relaxed);
  if (stream == stderr) closed_[1].store(stream, std::memory_order_relaxed);
}

OutputSource* Outputs::enter(ThreadState& thread, FILE* stream) {
  if (stream == nullptr) return nullptr;
  if ((stream == stdout || stream == stderr) && is_closed(stream)) return nullptr;
  OutputSource* source = source_of(fileno_unlocked(stream));
  if (source == nullptr) return nullptr;
  source->pending.enter(stream, [&](const char* text, std::size_t size, CutBytes cut) {
    printed(thread, *source, text, size, cut);
  });
  return source;
}

void Outputs::streams_end(ThreadState& thread) {
  for (FILE* stream : {stdout, stderr}) {
    if (!may_have(stream)) continue;
    OutputSource* source = enter(thread, stream);
    if (source != nullptr) leave(*source, stream);
  }
}

}  // namespace kolben::agent
