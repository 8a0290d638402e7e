#include "agent/process/commands.h"

#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "agent/process/limits.h"
#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

constexpr std::size_t kAttributesUsual = 5;

bool is_same_span(const Context& a, const Context& b) {
  return std::memcmp(a.span_id, b.span_id, sizeof a.span_id) == 0;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

}  // namespace

void EndedCommand::set_signal(int number) {
  // As a shell gives the exit code of a command that was killed.
  constexpr std::uint32_t kBase = 128;
  signal = number;
  exit_code = kBase + static_cast<std::uint32_t>(number);
}

std::string EndedCommand::error_type() const {
  if (is_server) return {};
  if (signal != 0) return signal_name(signal);
  if (!exit_code) return "_OTHER";
  return *exit_code == 0 ? std::string() : std::to_string(*exit_code);
}

void build_command(const EndedCommand& command, Span& span, Arena& arena) {
  const Command& fixed = command.fixed;
  span.trace_id = trace_id_of(fixed.self);
  span.span_id = span_id_of(fixed.self);
  span.parent_span_id = span_id_of(fixed.parent_span_id);
  span.flags = fixed.self.flags;
  span.kind = SpanKind::kInternal;
  span.start_time_unix_nano = fixed.start_time;
  span.end_time_unix_nano = std::max(fixed.start_time, fixed.end_time);
  const std::string_view path = owned_text(command.executable, Limits::kNoLimit, arena);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view program = name.empty() ? std::string_view("command") : name;
  span.name = program;
  if (!command.script.empty()) {
    const std::string whole = std::string(program) + " " + command.script;
    span.name = owned_text(whole, Limits::kNoLimit, arena);
  }
  span.attributes.reserve(arena, kAttributesUsual);
  const auto add = [&](std::string_view key, Value value) {
    span.attributes.push_back(arena, {key, value});
  };
  add("process.executable.name", Value::string(program));
  if (!path.empty()) add("process.executable.path", Value::string(path));
  add("process.pid", Value::integer(fixed.pid));
  if (command.exit_code) add("process.exit.code", Value::integer(*command.exit_code));
  const std::string error = command.error_type();
  if (error.empty()) return;
  span.status_code = SpanStatusCode::kError;
  add("error.type", Value::string(arena.copy(error)));
  if (command.signal != 0) {
    span.status_message = arena.copy("killed by " + error);
  } else if (!command.exit_code) {
    span.status_message = "ended without an exit code";
  }
}

void Commands::told(const CommandView& view) {
  const std::uint32_t pid = view.fixed.pid;
  const auto found = open_.find(pid);
  const bool is_known =
      found != open_.end() && is_same_span(found->second.fixed.self, view.fixed.self);
  if (view.fixed.end_time != 0) {  // it became a server, which is not waited for
    EndedCommand ended;
    ended.is_server = true;
    if (is_known) finish(pid, std::move(ended), view.fixed.end_time);
    return;
  }
  if (is_known) {  // it became another program, or a fork's child tells it again
    found->second.executable = view.executable;
    found->second.script = view.script;
    return;
  }
  if (view.fixed.is_only_if_known != 0) return;
  // Its number was given to somebody else.
  if (found != open_.end()) finish(pid, {}, view.fixed.start_time);
  if (open_.size() >= kOpenMax) {
    ++dropped_;
    return;
  }
  open_[pid] = {view.fixed, std::string(view.executable), std::string(view.script), 0};
  if (const Exit* exit = exit_of(view.fixed)) exited(pid, *exit);
}

const Exit* Commands::exit_of(const Command& command) const {
  for (const Exited& exited : exited_) {
    if (exited.pid == command.pid && exited.exit.time >= command.start_time) return &exited.exit;
  }
  return nullptr;
}

void Commands::exited(std::uint32_t pid, const Exit& exit) {
  if (!open_.contains(pid)) {
    exited_[exited_next_++ % exited_.size()] = {pid, exit};
    return;
  }
  EndedCommand ended;
  ended.exit_code = exit.code;
  finish(pid, std::move(ended), exit.time);
}

void Commands::child_ended(const ChildEnded& child) {
  const auto found = open_.find(child.pid);
  if (found == open_.end()) return;
  EndedCommand ended;
  if (child.signal != 0) {
    ended.set_signal(child.signal);
  } else {
    ended.exit_code = child.code;
  }
  const std::uint64_t gone_time = found->second.gone_time;
  finish(child.pid, std::move(ended), gone_time != 0 ? gone_time : child.time);
}

void Commands::gone(std::uint32_t pid, std::optional<int> wait_status, std::uint64_t now) {
  const auto found = open_.find(pid);
  if (found == open_.end() || found->second.gone_time != 0) return;
  if (!wait_status) {
    found->second.gone_time = now;
    ++gone_;
    return;
  }
  EndedCommand ended;
  if (WIFSIGNALED(*wait_status)) {
    ended.set_signal(WTERMSIG(*wait_status));
  } else {
    ended.exit_code = static_cast<std::uint32_t>(WEXITSTATUS(*wait_status));
  }
  finish(pid, std::move(ended), now);
}

void Commands::tick(std::uint64_t now) {
  if (gone_ == 0) return;
  std::vector<std::uint32_t> silent;
  for (const auto& [pid, open] : open_) {
    if (open.gone_time != 0 && now - open.gone_time >= kParentNanos) silent.push_back(pid);
  }
  for (const std::uint32_t pid : silent) finish(pid, {}, open_.at(pid).gone_time);
}

void Commands::finish(std::uint32_t pid, EndedCommand ended, std::uint64_t end_time) {
  const auto found = open_.find(pid);
  ended.fixed = found->second.fixed;
  ended.fixed.end_time = end_time;
  if (found->second.gone_time != 0) --gone_;
  ended.executable = std::move(found->second.executable);
  ended.script = std::move(found->second.script);
  open_.erase(found);
  take_(ended);
}

}  // namespace kolben::agent
