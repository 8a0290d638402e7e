#include "pipeline/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace kolben::log {
namespace {

using pipeline::LogLevel;

// A line is a sentence, not a dump.
constexpr std::size_t kLineBytesMax = 16 << 10;

std::atomic<LogLevel> current_level{LogLevel::kInfo};

// Never destroyed: threads may log while the program ends.
spdlog::logger& logger() {
  static spdlog::logger& instance = *[] {
    auto* made = new spdlog::logger("kolben", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return instance;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\t") != std::string_view::npos;
}

// Control characters would let a peer forge lines and steer terminals.
void append_clean(std::string& out, std::string_view text, bool escape_quotes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else if (c == '"' && escape_quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void write(LogLevel level, std::string_view source, std::string_view message, Fields fields) {
  if (!is_enabled(level)) return;
  const std::string line = format_line(level, source, message, fields);
  logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void set_level(LogLevel level) {
  current_level.store(level, std::memory_order_relaxed);
}
bool is_enabled(LogLevel level) {
  return level >= current_level.load(std::memory_order_relaxed);
}

std::string format_line(LogLevel level, std::string_view source, std::string_view message,
                        Fields fields) {
  std::string line(name_of(level));
  line.append(" ").append(source).append(": ");
  append_clean(line, message, false);
  for (const auto& [key, value] : fields) {
    line.append(" ").append(key).append("=");
    const bool is_quoted = needs_quotes(value);
    if (is_quoted) line += '"';
    append_clean(line, value, is_quoted);
    if (is_quoted) line += '"';
  }
  if (line.size() > kLineBytesMax) line.resize(kLineBytesMax);
  return line;
}

void debug(std::string_view source, std::string_view message, Fields fields) {
  write(LogLevel::kDebug, source, message, fields);
}
void info(std::string_view source, std::string_view message, Fields fields) {
  write(LogLevel::kInfo, source, message, fields);
}
void warn(std::string_view source, std::string_view message, Fields fields) {
  write(LogLevel::kWarn, source, message, fields);
}
void error(std::string_view source, std::string_view message, Fields fields) {
  write(LogLevel::kError, source, message, fields);
}

}  // namespace kolben::log
