#include "storage/engine/walk.h"

#include <string>

#include "storage/engine/fingerprint.h"
#include "wire/protobuf_reader.h"

namespace kolben::storage::engine {
namespace {

using wire::bytes_field;
using wire::fixed64_field;
using wire::ProtobufReader;

// 0 means "none"; the one value in 2^64 that would be it shares its neighbour's.
std::uint64_t not_zero(std::uint64_t fingerprint) {
  return fingerprint == 0 ? 1 : fingerprint;
}

// Calls `visit` with each field `number` of the message.
template <typename Visit>
bool for_each(std::string_view message, std::uint32_t number, Visit visit) {
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

// Resource or scope, which come before what they are of in practice, and may come behind it.
std::string_view first_field(std::string_view message) {
  std::string_view found;
  for_each(message, 1, [&](std::string_view field) {
    found = field;
    return true;
  });
  return found;
}

bool walk_spans(std::string_view body, Walked& walked) {
  return for_each(body, 1, [&](std::string_view resource_spans) {
    const std::uint64_t resource = fingerprint(first_field(resource_spans), 0);
    return for_each(resource_spans, 2, [&](std::string_view scope_spans) {
      const std::uint64_t seed = fingerprint(first_field(scope_spans), resource);
      return for_each(scope_spans, 2, [&](std::string_view span) {
        walked.fingerprints.push_back(not_zero(fingerprint(span, seed)));
        return true;
      });
    });
  });
}

// Whether the record has a time of its own or of its observation.
bool read_log_time(std::string_view record, bool& has_time) {
  ProtobufReader in(record);
  while (in.next()) {
    if (in.tag() == fixed64_field(1) || in.tag() == fixed64_field(11)) {
      has_time = in.fixed64() != 0 || has_time;
    } else {
      in.skip_unknown(0);
    }
  }
  return !in.failed();
}

bool walk_logs(std::string_view body, Walked& walked, bool& have_times) {
  return for_each(body, 1, [&](std::string_view resource_logs) {
    return for_each(resource_logs, 2, [&](std::string_view scope_logs) {
      return for_each(scope_logs, 2, [&](std::string_view record) {
        ++walked.items;
        bool has_time = false;
        const bool good = read_log_time(record, has_time);
        have_times = have_times && has_time;
        return good;
      });
    });
  });
}

bool count_points(std::string_view metric, Walked& walked) {
  ProtobufReader in(metric);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(5):   // gauge
      case bytes_field(7):   // sum
      case bytes_field(9):   // histogram
      case bytes_field(10):  // exponential histogram
      case bytes_field(11):  // summary
        in.require(for_each(in.bytes(), 1, [&](std::string_view) {
          ++walked.items;
          return true;
        }));
        break;
      default:
        in.skip_unknown(0);
    }
  }
  return !in.failed();
}

bool walk_metrics(std::string_view body, Walked& walked) {
  return for_each(body, 1, [&](std::string_view resource_metrics) {
    return for_each(resource_metrics, 2, [&](std::string_view scope_metrics) {
      return for_each(scope_metrics, 2,
                      [&](std::string_view metric) { return count_points(metric, walked); });
    });
  });
}

}  // namespace

Status walk(Signal signal, std::string_view body, Walked& walked) {
  walked.items = 0;
  walked.fingerprints.clear();
  bool can_be_told_apart = !body.empty();
  bool good = false;
  switch (signal) {
    case Signal::kTraces:
      good = walk_spans(body, walked);
      walked.items = walked.fingerprints.size();
      break;
    case Signal::kLogs:
      good = walk_logs(body, walked, can_be_told_apart);
      break;
    case Signal::kMetrics:
      good = walk_metrics(body, walked);
      break;
  }
  if (!good) {
    return invalid_argument("the " + std::string(to_string(signal)) +
                            " request is no well-formed protobuf");
  }
  if (signal == Signal::kTraces) return Status::ok();
  const std::uint64_t whole = fingerprint(body, static_cast<std::uint64_t>(signal));
  walked.fingerprints.push_back(can_be_told_apart ? not_zero(whole) : 0);
  return Status::ok();
}

}  // namespace kolben::storage::engine
