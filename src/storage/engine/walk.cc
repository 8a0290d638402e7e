#include "storage/engine/walk.h"

#include <algorithm>

#include "base/hash.h"
#include "storage/engine/fingerprint.h"
#include "wire/protobuf_reader.h"

namespace kolben::storage::engine {
namespace {

using wire::bytes_field;
using wire::fixed64_field;
using wire::ProtobufReader;
using wire::varint_field;

constexpr std::string_view kUnknownService = "unknown_service";  // as service_name() has it

// The first value of `key` in the KeyValue message, where it is a string.
struct KeyText {
  std::string_view key;
  std::string_view any_value;
};

KeyText read_key_value(std::string_view message) {
  KeyText result;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        result.key = in.bytes();
        break;
      case bytes_field(2):
        result.any_value = in.bytes();
        break;
      default:
        in.skip_unknown(0);
    }
  }
  return result;
}

std::string_view read_string_value(std::string_view any_value) {
  std::string_view text;
  ProtobufReader in(any_value);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      text = in.bytes();
    } else {
      in.skip_unknown(0);
    }
  }
  return text;
}

class Walker {
 public:
  Walker(Signal signal, std::string_view body, Walked& walked)
      : signal_(signal), body_(body), walked_(walked) {}

  bool walk() {
    ProtobufReader in(body_);
    while (in.next()) {
      if (in.tag() != bytes_field(1)) {
        in.skip_unknown(0);
      } else if (signal_ == Signal::kMetrics) {
        in.require(count_points(in.bytes()));
      } else {
        in.require(walk_resource(in.bytes()));
      }
    }
    return !in.failed();
  }

 private:
  // Field 1 (resource or scope) and field 3 (schema URL) of a message, and its field 2 left alone.
  struct Surroundings {
    std::string_view first, schema;
  };

  Slice slice_of(std::string_view part) const {
    if (part.empty()) return {};
    return {static_cast<std::uint32_t>(part.data() - body_.data()),
            static_cast<std::uint32_t>(part.size())};
  }

  bool read_surroundings(std::string_view message, Surroundings& out) {
    bool seen = false;
    ProtobufReader in(message);
    while (in.next()) {
      switch (in.tag()) {
        case bytes_field(1):
          if (seen) walked_.is_scattered = true;
          seen = true;
          out.first = in.bytes();
          break;
        case bytes_field(3):
          out.schema = in.bytes();
          break;
        default:
          in.skip_unknown(0);
      }
    }
    return !in.failed();
  }

  bool walk_resource(std::string_view message) {
    Surroundings resource;
    if (!read_surroundings(message, resource)) return false;
    const std::string_view service = service_of(resource.first);
    ProtobufReader in(message);
    while (in.next()) {
      if (in.tag() == bytes_field(2)) {
        in.require(walk_scope(in.bytes(), resource, service));
      } else {
        in.skip_unknown(0);
      }
    }
    return !in.failed();
  }

  std::string_view service_of(std::string_view resource) const {
    ProtobufReader in(resource);
    while (in.next()) {
      if (in.tag() != bytes_field(1)) {
        in.skip_unknown(0);
        continue;
      }
      const KeyText entry = read_key_value(in.bytes());
      if (entry.key != "service.name") continue;
      const std::string_view text = read_string_value(entry.any_value);
      return text.empty() ? kUnknownService : text;
    }
    return kUnknownService;
  }

  bool walk_scope(std::string_view message, const Surroundings& resource,
                  std::string_view service) {
    Surroundings scope;
    if (!read_surroundings(message, scope)) return false;
    const auto context = static_cast<std::uint32_t>(walked_.contexts.size());
    walked_.contexts.push_back({service, slice_of(resource.first), slice_of(resource.schema),
                                slice_of(scope.first), slice_of(scope.schema)});
    const std::uint64_t seed = fingerprint(scope.first, fingerprint(resource.first, 0));
    const std::size_t spans_before = walked_.spans.size();
    ProtobufReader in(message);
    while (in.next()) {
      if (in.tag() != bytes_field(2)) {
        in.skip_unknown(0);
      } else if (signal_ == Signal::kTraces) {
        in.require(walk_span(in.bytes(), context, seed));
      } else {
        in.require(walk_log(in.bytes(), context));
      }
    }
    const std::size_t spans = walked_.spans.size() - spans_before;
    if (spans > 0) {
      count_keys(resource.first, 1, AttributeScope::kResource, spans);
      count_keys(scope.first, 3, AttributeScope::kScope, spans);
    }
    return !in.failed();
  }

  bool walk_span(std::string_view message, std::uint32_t context, std::uint64_t seed) {
    WalkedSpan& span = walked_.spans.emplace_back();
    span.context = context;
    span.slice = slice_of(message);
    span.fingerprint = fingerprint(message, seed);
    std::uint64_t end = 0;
    std::uint32_t kind = 0;
    std::uint32_t status = 0;
    ProtobufReader in(message);
    while (in.next()) {
      switch (in.tag()) {
        case bytes_field(1):
          in.require(read_id(in.bytes(), span.trace_id));
          break;
        case bytes_field(2):
          in.require(read_id(in.bytes(), span.span_id));
          break;
        case bytes_field(4):
          in.require(read_id(in.bytes(), span.parent_span_id));
          break;
        case bytes_field(5):
          span.name = in.bytes();
          break;
        case varint_field(6):
          kind = in.uint32();
          break;
        case fixed64_field(7):
          span.start_unix_nano = in.fixed64();
          break;
        case fixed64_field(8):
          end = in.fixed64();
          break;
        case bytes_field(9):
          count_key(in.bytes(), AttributeScope::kSpan);
          break;
        case bytes_field(11):
          count_keys(in.bytes(), 3, AttributeScope::kEvent, 1);
          break;
        case bytes_field(13):
          count_keys(in.bytes(), 4, AttributeScope::kLink, 1);
          break;
        case bytes_field(15):
          in.require(read_status(in.bytes(), status));
          break;
        default:
          in.skip_unknown(0);
      }
    }
    span.duration_nanos = end > span.start_unix_nano ? end - span.start_unix_nano : 0;
    // Kinds and states that this version does not know keep their bytes and count as unset here.
    span.facts = pack_span_facts(kind <= 5 ? kind : 0, status <= 2 ? status : 0);
    return !in.failed();
  }

  bool walk_log(std::string_view message, std::uint32_t context) {
    WalkedLog& log = walked_.logs.emplace_back();
    log.context = context;
    log.slice = slice_of(message);
    std::uint64_t observed = 0;
    ProtobufReader in(message);
    while (in.next()) {
      switch (in.tag()) {
        case fixed64_field(1):
          log.time_unix_nano = in.fixed64();
          break;
        case varint_field(2):
          log.severity = static_cast<std::uint8_t>(std::min<std::uint64_t>(in.varint(), 255));
          break;
        case bytes_field(9):
          in.require(read_id(in.bytes(), log.trace_id));
          break;
        case bytes_field(10):
          in.require(read_id(in.bytes(), log.span_id));
          break;
        case fixed64_field(11):
          observed = in.fixed64();
          break;
        default:
          in.skip_unknown(0);
      }
    }
    if (log.time_unix_nano == 0) log.time_unix_nano = observed;
    return !in.failed();
  }

  template <typename IdType>
  static bool read_id(std::string_view bytes, IdType& id) {
    const auto read = IdType::from_bytes(bytes);
    if (read) id = *read;
    return read.has_value();
  }

  static bool read_status(std::string_view message, std::uint32_t& status) {
    ProtobufReader in(message);
    while (in.next()) {
      if (in.tag() == varint_field(3)) {
        status = in.uint32();
      } else {
        in.skip_unknown(0);
      }
    }
    return !in.failed();
  }

  void count_key(std::string_view key_value, AttributeScope scope, std::uint64_t count = 1) {
    ProtobufReader in(key_value);
    // The key comes first in practice; elsewhere it is looked for.
    if (in.next() && in.tag() == bytes_field(1)) {
      walked_.keys.add(in.bytes(), scope, count);
    } else {
      walked_.keys.add(read_key_value(key_value).key, scope, count);
    }
  }

  // The attributes of a message are its field `number`.
  void count_keys(std::string_view message, std::uint32_t number, AttributeScope scope,
                  std::uint64_t count) {
    ProtobufReader in(message);
    while (in.next()) {
      if (in.tag() == bytes_field(number)) {
        count_key(in.bytes(), scope, count);
      } else {
        in.skip_unknown(0);
      }
    }
  }

  bool count_points(std::string_view resource_metrics) {
    return for_each(resource_metrics, 2, [&](std::string_view scope_metrics) {
      return for_each(scope_metrics, 2, [&](std::string_view metric) {
        ProtobufReader in(metric);
        while (in.next()) {
          switch (in.tag()) {
            case bytes_field(5):   // gauge
            case bytes_field(7):   // sum
            case bytes_field(9):   // histogram
            case bytes_field(10):  // exponential histogram
            case bytes_field(11):  // summary
              in.require(for_each(in.bytes(), 1, [&](std::string_view) {
                ++walked_.metric_points;
                return true;
              }));
              break;
            default:
              in.skip_unknown(0);
          }
        }
        return !in.failed();
      });
    });
  }

  template <typename Visit>
  static bool for_each(std::string_view message, std::uint32_t number, Visit visit) {
    ProtobufReader in(message);
    while (in.next()) {
      if (in.tag() == bytes_field(number)) {
        in.require(visit(in.bytes()));
      } else {
        in.skip_unknown(0);
      }
    }
    return !in.failed();
  }

  const Signal signal_;
  const std::string_view body_;
  Walked& walked_;
};

}  // namespace

void KeyCounts::add(std::string_view key, AttributeScope scope, std::uint64_t count) {
  if (entries_.size() * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash64(key, static_cast<std::uint64_t>(scope)) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.scope == scope && entry.key == key) {
      entry.count += count;
      return;
    }
  }
  entries_.push_back({key, scope, count});
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
}

void KeyCounts::grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    std::size_t slot = hash64(entry.key, static_cast<std::uint64_t>(entry.scope)) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void KeyCounts::clear() {
  entries_.clear();
  std::fill(slots_.begin(), slots_.end(), 0U);
}

void Walked::clear() {
  contexts.clear();
  spans.clear();
  logs.clear();
  keys.clear();
  metric_points = 0;
  fingerprint = 0;
  is_scattered = false;
}

Status walk(Signal signal, std::string_view body, Walked& walked) {
  walked.clear();
  if (!Walker(signal, body, walked).walk()) {
    return invalid_argument("the " + std::string(to_string(signal)) +
                            " request is no well-formed protobuf");
  }
  if (signal == Signal::kTraces) return Status::ok();
  const bool has_times = std::all_of(walked.logs.begin(), walked.logs.end(),
                                     [](const WalkedLog& log) { return log.time_unix_nano != 0; });
  if (has_times && !body.empty()) {
    // 0 means "none"; the one body in 2^64 that would have it is not compared.
    walked.fingerprint = fingerprint(body, static_cast<std::uint64_t>(signal));
  }
  return Status::ok();
}

}  // namespace kolben::storage::engine
