#include "agent/preload/process_context.h"

#include <strings.h>

#include <cstring>

#include "agent/preload/ids.h"
#include "agent/protocols/traceparent.h"

namespace kolben::agent {
namespace {

// What KOLBEN_AGENT_COMMAND holds, in hexadecimal; the ids are in TRACEPARENT.
struct Mark {
  std::uint64_t start_time = 0;
  std::uint8_t parent_span_id[8] = {};
  std::uint32_t pid = 0;
  std::uint32_t ring = 0;
  std::uint32_t is_announced = 0;
  std::uint32_t padding = 0;
};
static_assert(2 * sizeof(Mark) + 1 == ProcessContext::kMarkBytes);

constexpr char kDigits[] = "0123456789abcdef";

void format(const Mark& mark, char* text) {
  std::uint8_t bytes[sizeof(mark)];
  std::memcpy(bytes, &mark, sizeof(mark));
  for (const std::uint8_t byte : bytes) {
    *text++ = kDigits[byte >> 4];
    *text++ = kDigits[byte & 15];
  }
  *text = '\0';
}

bool parse(const char* text, Mark* mark) {
  std::uint8_t bytes[sizeof(*mark)];
  if (text == nullptr || std::strlen(text) != 2 * sizeof(bytes)) return false;
  for (std::size_t i = 0; i < 2 * sizeof(bytes); ++i) {
    const void* digit = std::memchr(kDigits, text[i], 16);
    if (digit == nullptr) return false;
    const auto value = static_cast<const char*>(digit) - kDigits;
    bytes[i / 2] = static_cast<std::uint8_t>(i % 2 == 0 ? value << 4 : bytes[i / 2] | value);
  }
  std::memcpy(mark, bytes, sizeof(bytes));
  return true;
}

}  // namespace

CommandSpans parse_command_spans(const char* value) {
  if (value != nullptr && strcasecmp(value, "always") == 0) return CommandSpans::kAlways;
  if (value != nullptr && strcasecmp(value, "never") == 0) return CommandSpans::kNever;
  return CommandSpans::kAuto;  // the agent process says so where it is something else
}

void ProcessContext::init(const System& system, RingHeader* ring, const Sampler& sampler,
                          ThreadState& thread, const Program& program) {
  system_ = &system;
  ring_ = ring;
  sampler_ = &sampler;
  spans_ = parse_command_spans(program.command_spans);
  program_pid_ = program.pid;
  pid_ = program.pid;
  ring_number_ = program.ring;
  executable_ = program.executable;
  executable_size_ = program.executable_size;
  script_ = program.script;
  script_size_ = program.script_size;
  start_time_ = system.now();
  inherit(thread, program.traceparent);
  const bool is_started_below = has_context_;
  has_context_ = has_context_ || has_own_span();
  const bool goes_on = has_own_span() && is_started_below && take_over(program);
  const bool is_announced = goes_on ? is_announced_.exchange(false) : is_started_below;
  if (spans_ == CommandSpans::kAlways || (has_own_span() && is_announced)) {
    announce(thread);
  } else if (goes_on) {
    tell(thread, 0, true);
  }
}

void ProcessContext::inherit(ThreadState& thread, const char* traceparent) {
  constexpr std::uint32_t kFirstGeneration = 1;
  Traceparent parent;
  has_context_ =
      traceparent != nullptr && parse_traceparent(traceparent, std::strlen(traceparent), &parent);
  if (has_context_) {
    constexpr std::uint8_t kDefined = 3;  // sampled, random
    std::memcpy(self_.trace_id, parent.trace_id, sizeof(self_.trace_id));
    std::memcpy(self_.span_id, parent.span_id, sizeof(self_.span_id));
    self_.flags = sampler_->child(self_.trace_id, parent.flags & kDefined);
    if (!has_own_span()) return;
    std::memcpy(parent_span_id_, parent.span_id, sizeof(parent_span_id_));
  } else {
    random_trace_id(thread, *system_, kFirstGeneration, self_.trace_id);
    if (sampler_->counts()) {
      choice_.store(Choice::kOpen, std::memory_order_relaxed);
    } else {
      self_.flags = sampler_->root(self_.trace_id);
    }
  }
  random_span_id(thread, *system_, kFirstGeneration, self_.span_id);
  sampled_ = self_;
  sampled_.flags = 1;
}

// Of two threads that are first the one's choice holds.
const Context& ProcessContext::self() const {
  Choice choice = choice_.load(std::memory_order_relaxed);
  if (choice == Choice::kOpen) {
    const bool is_chosen = sampler_->root(self_.trace_id) != 0;
    const Choice ours = is_chosen ? Choice::kSampled : Choice::kMade;
    if (choice_.compare_exchange_strong(choice, ours, std::memory_order_relaxed)) choice = ours;
  }
  return choice == Choice::kSampled ? sampled_ : self_;
}

// The program that was in this process before has handed its span on: the one that the environment
// names.
bool ProcessContext::take_over(const Program& program) {
  Mark mark;
  if (!parse(program.continued, &mark)) return false;
  if (mark.pid != program.pid || mark.ring != program.ring) return false;
  std::memcpy(self_.span_id, parent_span_id_, sizeof(self_.span_id));
  std::memcpy(parent_span_id_, mark.parent_span_id, sizeof(parent_span_id_));
  start_time_ = mark.start_time;
  is_announced_.store(mark.is_announced != 0, std::memory_order_relaxed);
  return true;
}

bool ProcessContext::mark(std::uint32_t pid, char (&text)[kMarkBytes]) const {
  if (pid != program_pid_ || !has_own_span() || is_server()) return false;
  Mark mark;
  mark.start_time = start_time_;
  std::memcpy(mark.parent_span_id, parent_span_id_, sizeof(mark.parent_span_id));
  mark.pid = pid;
  mark.ring = ring_number_;
  mark.is_announced = is_announced_.load(std::memory_order_relaxed) ? 1 : 0;
  format(mark, text);
  return true;
}

const Context* ProcessContext::use(ThreadState& thread) {
  if (!has_context_ || is_server()) return nullptr;
  if (uses_.load(std::memory_order_relaxed) >= kUsesMax) return nullptr;
  if (system_->now() > start_time_ + kNanosMax) return nullptr;
  uses_.fetch_add(1, std::memory_order_relaxed);
  if (has_own_span()) announce(thread);
  return &self();
}

const Context* ProcessContext::known() const {
  if (!has_context_ || is_server()) return nullptr;
  const bool is_there = !has_own_span() || is_announced_.load(std::memory_order_relaxed);
  return is_there ? &self() : nullptr;
}

Context ProcessContext::possible() const {
  Context context;
  if (!has_own_span() || is_server()) return context;
  const bool is_sampled = choice_.load(std::memory_order_relaxed) == Choice::kSampled;
  context = is_sampled ? sampled_ : self_;
  context.flags = static_cast<std::uint8_t>(context.flags | kMayCome);
  return context;
}

void ProcessContext::becomes_server(ThreadState& thread) {
  if (spans_ == CommandSpans::kAlways || is_server_.exchange(true)) return;
  // Then nobody has told of it, nor will.
  if (choice_.load(std::memory_order_relaxed) == Choice::kOpen) return;
  // A child of a fork may have told of it.
  if (has_own_span()) tell(thread, system_->now(), !is_announced_.load(std::memory_order_relaxed));
}

void ProcessContext::announce(ThreadState& thread) {
  if (!is_announced_.exchange(true)) tell(thread, 0);
}

void ProcessContext::tell(ThreadState& thread, std::uint64_t end_time, bool is_only_if_known) {
  constexpr std::uint8_t kSampled = 1;
  const Context& self = this->self();
  if ((self.flags & kSampled) == 0) return;
  Command fixed;
  fixed.start_time = start_time_;
  fixed.end_time = end_time;
  fixed.self = self;
  std::memcpy(fixed.parent_span_id, parent_span_id_, sizeof(fixed.parent_span_id));
  fixed.pid = program_pid_;
  fixed.executable_size = executable_size_;
  fixed.script_size = static_cast<std::uint16_t>(script_size_);
  fixed.is_only_if_known = is_only_if_known ? 1 : 0;
  RecordWriter writer(ring_, RecordType::kCommand,
                      static_cast<std::uint32_t>(sizeof(fixed)) + executable_size_ + script_size_,
                      pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(executable_, executable_size_);
  writer.append(script_, script_size_);
}

}  // namespace kolben::agent
