// kolben-ring-dump PATH [create SLOTS]: prints the ring's records as lines, for the tests of the
// preload library. Reads until its stdin ends and the ring is empty. What it creates names the
// files of KOLBEN_AGENT_LOG_FILES, if any; what it prints to itself is then the programs' output,
// and nothing else is.
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/ring/attribute_codec.h"
#include "agent/ring/log_file_names.h"
#include "agent/ring/open_table.h"
#include "agent/ring/ring.h"

namespace {

using namespace kolben::agent;

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  char digits[3];
  for (std::size_t i = 0; i < size; ++i) {
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

// As a JSON string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned char>(c));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

class Cursor {
 public:
  Cursor(const std::uint8_t* bytes, std::size_t size) : next_(bytes), left_(size) {}
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, next_, sizeof(value));
    next_ += sizeof(value);
    left_ -= sizeof(value);
    return value;
  }
  std::string_view text(std::size_t size) {
    if (size > left_) std::abort();
    const std::string_view result(reinterpret_cast<const char*>(next_), size);
    next_ += size;
    left_ -= size;
    return result;
  }

 private:
  const std::uint8_t* next_;
  std::size_t left_;
};

std::string attributes(std::string_view encoded) {
  AttributeDecoder decoder(reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size());
  kolben_attribute attribute = {};
  std::string result = "{";
  while (decoder.next(&attribute)) {
    if (result.size() > 1) result += ",";
    result += quoted({attribute.key.data, attribute.key.size}) + ":";
    switch (attribute.type) {
      case KOLBEN_STRING:
        result += quoted({attribute.value.string.data, attribute.value.string.size});
        break;
      case KOLBEN_BOOL:
        result += attribute.value.boolean != 0 ? "true" : "false";
        break;
      case KOLBEN_INT:
        result += std::to_string(attribute.value.integer);
        break;
      case KOLBEN_LIST:
        result += "\"a list\"";
        break;
      default:
        result += std::to_string(attribute.value.real);
    }
  }
  return result + "}";
}

std::string context(const Context& value) {
  return "\"trace\":\"" + hex(value.trace_id, 16) + "\",\"span\":\"" + hex(value.span_id, 8) +
         "\",\"flags\":" + std::to_string(value.flags);
}

std::string exchange(Cursor& cursor) {
  const auto fixed = cursor.take<Exchange>();
  std::string line = "," + context(fixed.self) + ",\"parent\":\"" + hex(fixed.parent_span_id, 8) +
                     "\",\"remote\":" + std::to_string(fixed.parent_is_remote) +
                     ",\"end\":" + std::to_string(static_cast<int>(fixed.end_reason)) +
                     ",\"micros\":" + std::to_string((fixed.end_time - fixed.start_time) / 1000) +
                     ",\"request_body\":" + std::to_string(fixed.request_body_bytes) +
                     ",\"response_body\":" + std::to_string(fixed.response_body_bytes);
  line += ",\"local\":" + quoted(std::string(cursor.text(fixed.local_address_size)) + ":" +
                                 std::to_string(fixed.local_port));
  line += ",\"peer\":" + quoted(std::string(cursor.text(fixed.peer_address_size)) + ":" +
                                std::to_string(fixed.peer_port));
  line += ",\"request\":" + quoted(cursor.text(fixed.request_head_size));
  line += ",\"status\":" + std::to_string(fixed.response_status);
  line += ",\"route\":" + quoted(cursor.text(fixed.route_size));
  line += ",\"attributes\":" + attributes(cursor.text(fixed.attributes_size));
  const std::string_view linked = cursor.text(fixed.linked_size);
  return line + ",\"linked\":\"" +
         hex(reinterpret_cast<const std::uint8_t*>(linked.data()), linked.size()) + "\"";
}

std::string body(RecordType type, Cursor cursor) {
  switch (type) {
    case RecordType::kProcessStart: {
      const auto fixed = cursor.take<ProcessStart>();
      const std::string executable = quoted(cursor.text(fixed.executable_size));
      const std::string service = quoted(cursor.text(fixed.service_name_size));
      const std::string resource = quoted(cursor.text(fixed.resource_attributes_size));
      return ",\"type\":\"start\",\"executable\":" + executable + ",\"service\":" + service +
             ",\"resource\":" + resource;
    }
    case RecordType::kProcessEnd:
      return ",\"type\":\"end\"";
    case RecordType::kExec:
      return ",\"type\":\"exec\"";
    case RecordType::kExit:
      return ",\"type\":\"exit\",\"code\":" + std::to_string(cursor.take<Exit>().code);
    case RecordType::kChildEnded: {
      const auto fixed = cursor.take<ChildEnded>();
      const std::string child = ",\"child\":" + std::to_string(fixed.pid);
      if (fixed.signal == 0) {
        return ",\"type\":\"child ended\"" + child + ",\"code\":" + std::to_string(fixed.code);
      }
      return ",\"type\":\"killed\"" + child + ",\"signal\":" + std::to_string(fixed.signal);
    }
    case RecordType::kCommand: {
      const auto fixed = cursor.take<Command>();
      const std::string kind = fixed.is_only_if_known != 0 ? "command if known" : "command";
      return ",\"type\":\"" + kind + "\"," + context(fixed.self) + ",\"parent\":\"" +
             hex(fixed.parent_span_id, 8) + "\",\"of\":" + std::to_string(fixed.pid) +
             ",\"ended\":" + (fixed.end_time != 0 ? "true" : "false") +
             ",\"executable\":" + quoted(cursor.text(fixed.executable_size)) +
             ",\"script\":" + quoted(cursor.text(fixed.script_size));
    }
    case RecordType::kServerExchange:
      return ",\"type\":\"server\"" + exchange(cursor);
    case RecordType::kClientExchange:
      return ",\"type\":\"client\"" + exchange(cursor);
    case RecordType::kSpan: {
      const auto fixed = cursor.take<SpanRecord>();
      std::string line = ",\"type\":\"span\"," + context(fixed.self) + ",\"parent\":\"" +
                         hex(fixed.parent_span_id, 8) +
                         "\",\"kind\":" + std::to_string(fixed.kind) +
                         ",\"status\":" + std::to_string(fixed.status_code);
      line += ",\"name\":" + quoted(cursor.text(fixed.name_size));
      line += ",\"message\":" + quoted(cursor.text(fixed.status_message_size));
      line += ",\"scope\":" + quoted(cursor.text(fixed.scope_name_size));
      cursor.text(fixed.scope_version_size);
      line += ",\"attributes\":" + attributes(cursor.text(fixed.attributes_size));
      line += ",\"link_bytes\":" + std::to_string(fixed.links_size);
      return line + ",\"event_bytes\":" + std::to_string(fixed.events_size);
    }
    case RecordType::kMeasurement: {
      const auto fixed = cursor.take<Measurement>();
      std::string line = ",\"type\":\"measurement\"," + context(fixed.context) +
                         ",\"kind\":" + std::to_string(fixed.kind) +
                         ",\"value\":" + std::to_string(fixed.value);
      line += ",\"name\":" + quoted(cursor.text(fixed.name_size));
      line += ",\"unit\":" + quoted(cursor.text(fixed.unit_size));
      cursor.text(fixed.description_size);
      return line + ",\"attributes\":" + attributes(cursor.text(fixed.attributes_size));
    }
    case RecordType::kOutput: {
      const auto fixed = cursor.take<Output>();
      const std::string_view path = cursor.text(fixed.path_size);
      return ",\"type\":\"output\"," + context(fixed.context) +
             ",\"file\":" + std::to_string(fixed.file_descriptor) + ",\"path\":" + quoted(path) +
             ",\"told\":" + std::to_string(fixed.is_told) +
             ",\"cut\":" + std::to_string(fixed.bytes_cut) +
             ",\"text\":" + quoted(cursor.text(fixed.bytes_size));
    }
    case RecordType::kToldText: {
      const auto fixed = cursor.take<ToldText>();
      return ",\"type\":\"told_text\",\"size\":" + std::to_string(fixed.size) +
             ",\"begin\":" + quoted(cursor.text(fixed.begin_size));
    }
    case RecordType::kStreamPiece: {
      const auto fixed = cursor.take<StreamPiece>();
      std::string line = ",\"type\":\"stream_piece\"," + context(fixed.self) + ",\"parent\":\"" +
                         hex(fixed.parent_span_id, 8) +
                         "\",\"stream\":" + std::to_string(fixed.stream) +
                         ",\"direction\":" + std::to_string(fixed.direction);
      line += ",\"peer\":" + quoted(cursor.text(fixed.peer_address_size));
      std::uint64_t bytes = 0;
      for (std::uint16_t i = 0; i < fixed.segment_count; ++i) {
        const auto segment = cursor.take<StreamSegment>();
        bytes += segment.seen + segment.unseen;
      }
      return line + ",\"bytes\":" + std::to_string(bytes);
    }
    case RecordType::kStreamEnd: {
      const auto fixed = cursor.take<StreamEnd>();
      return ",\"type\":\"stream_end\",\"stream\":" + std::to_string(fixed.stream) +
             ",\"reason\":" + std::to_string(static_cast<int>(fixed.end_reason));
    }
    case RecordType::kStatement: {
      const auto fixed = cursor.take<Statement>();
      std::string line = ",\"type\":\"statement\"," + context(fixed.self) + ",\"parent\":\"" +
                         hex(fixed.parent_span_id, 8) +
                         "\",\"error\":" + std::to_string(fixed.error_code);
      line += ",\"database\":" + quoted(cursor.text(fixed.database_size));
      return line + ",\"text\":" + quoted(cursor.text(fixed.text_size));
    }
    case RecordType::kLog: {
      const auto fixed = cursor.take<LogRecordHeader>();
      std::string line = ",\"type\":\"log\"," + context(fixed.context) +
                         ",\"severity\":" + std::to_string(fixed.severity);
      line += ",\"level\":" + quoted(cursor.text(fixed.severity_text_size));
      line += ",\"scope\":" + quoted(cursor.text(fixed.scope_name_size));
      line += ",\"body\":" + quoted(cursor.text(fixed.body_size));
      return line + ",\"attributes\":" + attributes(cursor.text(fixed.attributes_size));
    }
  }
  return ",\"type\":\"unknown\"";
}

void print_record(const std::uint8_t* bytes, std::uint32_t size) {
  RecordHeader header;
  std::memcpy(&header, bytes, sizeof(header));
  const std::string line = body(header.type, Cursor(bytes + sizeof(header), size - sizeof(header)));
  std::printf("{\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 "%s}\n", header.pid, header.tid,
              line.c_str());
  std::fflush(stdout);
}

// What is still open in the table, as the records that the agent process would make of it.
void print_open(OpenTable& table) {
  std::uint8_t record[sizeof(RecordHeader) + kOpenEntryBytes];
  for (const auto& owner : table.owners) {
    const std::uint32_t pid = owner.load();
    if (pid == 0) continue;
    while (const std::uint32_t size = reap_open_request(table, pid, ~std::uint64_t{0}, 0, record)) {
      print_record(record, size);
    }
  }
}

std::uint64_t now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool create = argc > 3 && std::string_view(argv[2]) == "create";
  const bool count_only = argc > 4 && std::string_view(argv[4]) == "count";
  RingHeader* ring = create ? create_ring(argv[1], static_cast<std::uint32_t>(std::atoi(argv[3])))
                            : map_ring(argv[1]);
  if (ring == nullptr) {
    std::perror(argv[1]);
    return 1;
  }
  const char* named = std::getenv("KOLBEN_AGENT_LOG_FILES");
  if (create && named != nullptr) {
    LogFileNames names;
    names.add_list(named, [](const char*, std::size_t, LogFileFault) {});
    note_log_files(ring, names.patterns(), names.size());
    note_outputs(ring);
  }
  std::puts("{\"type\":\"ready\"}");
  std::fflush(stdout);
  RingReader reader(ring);
  static std::uint8_t buffer[kRecordBytesMax];
  std::uint64_t counts[16] = {};
  bool last = false;
  for (;;) {
    const std::uint32_t size = reader.next(buffer, now());
    if (size != 0) {
      RecordHeader header;
      std::memcpy(&header, buffer, sizeof(header));
      ++counts[static_cast<std::size_t>(header.type) % 16];
      if (count_only) continue;
      print_record(buffer, size);
      continue;
    }
    if (last) break;
    pollfd stdin_ends = {0, POLLIN, 0};
    if (poll(&stdin_ends, 1, 2) > 0) {
      char ignored[64];
      last = ::read(0, ignored, sizeof(ignored)) <= 0;
    }
  }
  const std::int64_t active = count_open_requests(*open_table(ring));
  print_open(*open_table(ring));
  std::printf(
      "{\"type\":\"totals\",\"servers\":%" PRIu64 ",\"clients\":%" PRIu64 ",\"dropped\":%" PRIu64
      ",\"abandoned\":%" PRIu64 ",\"untraced\":%" PRIu64 ",\"active\":%" PRId64 "}\n",
      counts[3], counts[4], reader.dropped(), reader.abandoned(), reader.untraced(), active);
  return 0;
}
