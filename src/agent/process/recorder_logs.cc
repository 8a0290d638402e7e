// The recorder's logs: lines that programs print, and records that they log by calls.
#include <string>
#include <utility>

#include "agent/process/log_builder.h"
#include "agent/process/recorder.h"

namespace kolben::agent {
namespace {

// Whose it is; a command is no request.
TraceId cause_of(const Context& context) {
  return (context.flags & kMayCome) == 0 ? trace_id_of(context) : TraceId();
}

}  // namespace

void Recorder::handle_output(const RecordHeader& header, const OutputView& view,
                             std::uint64_t /*now*/) {
  counts_.output_cut += view.fixed.bytes_cut;
  const bool is_file = !view.path.empty();
  if (view.bytes.empty()) {
    if (is_file) lines_.flush_file(header.pid, view.fixed.file_descriptor);
    return;
  }
  if (view.fixed.file_descriptor == 1) output_.line_is_open = view.bytes.back() != '\n';
  if (exporters_.logs.empty() || (!is_file && !settings_.captures_output)) return;
  if (view.fixed.is_told == 0) {
    return lines_.add(header.pid, view.fixed, view.path, view.bytes);
  }
  Output fixed = view.fixed;
  const std::string_view untold =
      told_lines_.untold(header.pid, header.tid, view.bytes, fixed.bytes_cut);
  lines_.add(header.pid, fixed, view.path, untold);
}

// May come in the middle of what another process's record does.
void Recorder::add_line(const Line& line) {
  const std::string text = plain_text(line.text);
  if (text.find_first_not_of(" \t") == std::string::npos) return;  // nothing is said
  const Whose whose(*this);
  set_process(line.pid);
  const auto later = [&] {
    return [this, held = line, path = std::string(line.path), text]() mutable {
      held.path = path;
      held.text = text;
      write_line(held, text);
    };
  };
  if (keep_back({line.pid, cause_of(line.context)}, text.size() + line.path.size(), later)) return;
  if ((line.context.flags & kMayCome) == 0) return write_line(line, text);
  held_logs_.hold(line.context, text.size() + line.path.size(), now_,
                  [this, resource = resource_, held = line, path = std::string(line.path),
                   text](const Context& context) mutable {
                    const Whose before(*this);
                    set_resource(resource);
                    held.context = context;
                    held.path = path;
                    held.text = text;
                    write_line(held, text);
                  });
}

void Recorder::write_line(const Line& line, std::string_view text) {
  LogRecord& record = batches_.add_log(kAgentScope, now_);
  build_log(line, text, settings_.limits, now_, record, batches_.log_arena());
}

void Recorder::handle_log(const RecordHeader& header, const LogView& view,
                          std::string_view payload) {
  if (exporters_.logs.empty()) return;
  told_lines_.tell(header.pid, header.tid, view.body);
  const auto later = [&] {
    return [this, held = std::string(payload)] { write_log(*parse_log(held)); };
  };
  if (keep_back({header.pid, cause_of(view.fixed.context)}, payload.size(), later)) return;
  if ((view.fixed.context.flags & kMayCome) == 0) return write_log(view);
  held_logs_.hold(
      view.fixed.context, payload.size(), now_,
      [this, resource = resource_, held = std::string(payload)](const Context& context) {
        const Whose before(*this);
        set_resource(resource);
        auto again = parse_log(held);
        again->fixed.context = context;  // it was whole before
        write_log(*again);
      });
}

void Recorder::write_log(const LogView& view) {
  LogRecord& record =
      batches_.add_log(view.scope_name.empty() ? kAgentScope : view.scope_name, now_);
  build_log(view, settings_.limits, now_, record, batches_.log_arena());
}

}  // namespace kolben::agent
