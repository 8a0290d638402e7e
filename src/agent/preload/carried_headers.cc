// The part of Connections for the headers that go on from the request that is served, or from the
// environment, into requests and programs: `tracestate` and `baggage`, with what the application
// adds to it. Of several members of baggage with one key that of the innermost span counts, then
// the request's, then what came in.
#include <strings.h>

#include <cstring>

#include "agent/preload/carried_header.h"
#include "agent/preload/connections.h"
#include "agent/preload/exec_environment.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {
namespace {

// Of the innermost of the thread's spans that has any, with that of those around it.
ListText baggage_of_span(const ThreadState& thread) {
  const OwnBaggage* own = thread.baggage;
  return own != nullptr && own->span == thread.baggage_span ? own->list() : ListText();
}

ListText baggage_of_request(const OpenExchange& served) {
  return served.has_baggage ? served.said.baggage.list() : ListText();
}

// Calls use() for the value of each header of this name in a kept head, whose last line may be cut.
template <typename Use>
void each_value(const std::uint8_t* head, std::size_t size, const char* name, Use use) {
  const std::size_t name_size = std::strlen(name);
  const char* rest = reinterpret_cast<const char*>(head);
  while (size != 0) {
    const void* end = std::memchr(rest, '\n', size);
    const std::size_t line =
        end == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(end) - rest);
    if (line >= name_size && strncasecmp(rest, name, name_size) == 0) {
      const bool has_return = line > name_size && rest[line - 1] == '\r';
      const ListText value = {rest + name_size, line - name_size - (has_return ? 1 : 0)};
      use(value, end != nullptr);
    }
    const std::size_t taken = end == nullptr ? line : line + 1;
    rest += taken;
    size -= taken;
  }
}

template <typename Use>
void each_value(const OpenExchange& served, const CarriedHeader& header, Use use) {
  each_value(served.request_head, served.request.head().size, header.name, use);
}

// Where what there is to write of one header comes from.
struct Sources {
  const CarriedHeader& header;
  ListText span_baggage;
  const OpenExchange* request;  // which is served; null: none
  const char* environment;      // where none is served; null: nothing
};

// False: something of it was left out.
bool write_list(const Sources& sources, ListWriter& writer) {
  if (sources.header.format == kBaggage) {
    writer.add(sources.span_baggage);
    writer.settle_keys();
    if (sources.request != nullptr) writer.add(baggage_of_request(*sources.request));
    writer.settle_keys();
  }
  bool is_whole = true;
  if (sources.request != nullptr) {
    each_value(*sources.request, sources.header, [&](ListText value, bool has_end) {
      writer.add(has_end ? value : whole_members(value));
      is_whole = is_whole && has_end;
    });
  } else if (sources.environment != nullptr) {
    writer.add({sources.environment, std::strlen(sources.environment)});
  }
  return is_whole && !writer.is_cut();
}

// As much of it as there is room for.
bool write_fitting(const Sources& sources, ListWriter& writer) {
  const bool is_whole = write_list(sources, writer);
  if (writer.is_cut() && sources.header.format == kTraceContext) {
    writer.begin_without_long();
    write_list(sources, writer);
  }
  return is_whole;
}

}  // namespace

bool OwnBaggage::set(ListText before, ListText key, ListText value) {
  char all[kOwnBaggageBytesMax];
  const std::size_t member_size = encode_member(key, value, all, sizeof(all));
  if (member_size == 0) return false;
  ListWriter writer(all, sizeof(all), kBaggageHeader.members_max);
  writer.begin_with(member_size);
  writer.settle_keys();
  writer.add(before);
  if (writer.is_cut()) return false;
  std::memcpy(members, all, writer.size());
  size = static_cast<std::uint32_t>(writer.size());
  return true;
}

// The line of this header for a request that is asked in that place; its size, 0: there is nothing
// to say, or no room.
std::size_t Connections::carry(const ThreadState& thread, const CarriedHeader& header,
                               const CallPlace& place, char* to, std::size_t room) const {
  // W3C Trace Context, 3.3: without a traceparent it means nothing.
  const bool means_nothing =
      place.asker != nullptr && !place.asker->parent_is_remote && header.format == kTraceContext;
  const std::size_t name_size = std::strlen(header.name) + 1;  // with a blank
  constexpr std::size_t kEndSize = 2;
  if (means_nothing || room < name_size + kEndSize) return 0;
  const bool is_below_span =
      std::memcmp(place.parent_span_id, thread.span_context.span_id, sizeof(Context::span_id)) == 0;
  const Sources sources = {
      header, is_below_span ? baggage_of_span(thread) : ListText(), place.asker,
      place.asker == nullptr ? inherited_below(place.trace_id, header) : nullptr};
  ListWriter writer(to + name_size, room - name_size - kEndSize, header.members_max);
  if (!write_fitting(sources, writer)) count_untraced(ring_);
  if (writer.size() == 0) return 0;
  std::memcpy(to, header.name, name_size - 1);
  to[name_size - 1] = ' ';
  std::memcpy(to + name_size + writer.size(), "\r\n", kEndSize);
  return name_size + writer.size() + kEndSize;
}

// What the environment says, for what is below the process's context; null: nothing.
const char* Connections::inherited_below(const std::uint8_t* trace_id,
                                         const CarriedHeader& header) const {
  const Context* process = process_ == nullptr ? nullptr : process_->known();
  const bool is_below = process != nullptr &&
                        std::memcmp(process->trace_id, trace_id, sizeof(process->trace_id)) == 0;
  return is_below ? inherited_header(header.variable) : nullptr;
}

std::size_t Connections::list_for_child(const ThreadState& thread, const CarriedHeader& header,
                                        char* value, std::size_t room) const {
  const OpenExchange* served = serves(thread) ? thread.request.exchange : nullptr;
  const char* inherited =
      served == nullptr ? inherited_below(thread.span_context.trace_id, header) : nullptr;
  ListWriter writer(value, room, header.members_max);
  write_fitting({header, baggage_of_span(thread), served, inherited}, writer);
  return writer.size();
}

bool Connections::set_baggage(ThreadState& thread, ListText key, ListText value) {
  if (!serves(thread)) return false;
  OpenExchange* exchange = thread.request.exchange;
  Socket* socket = find(static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  SocketLock lock(*system_, socket);
  if (!lock || !serves(thread)) return false;
  if (!exchange->has_baggage) exchange->said.baggage.clear();
  exchange->has_baggage = true;
  OwnBaggage& baggage = exchange->said.baggage;
  return baggage.set(baggage.list(), key, value);
}

bool Connections::find_baggage(const ThreadState& thread, ListText key, ListText* value) const {
  const OpenExchange* served = serves(thread) ? thread.request.exchange : nullptr;
  ListText member;
  bool is_found = find_member(baggage_of_span(thread), key, &member) ||
                  (served != nullptr && find_member(baggage_of_request(*served), key, &member));
  if (!is_found && served != nullptr) {
    each_value(*served, kBaggageHeader, [&](ListText list, bool has_end) {
      is_found = find_member(has_end ? list : whole_members(list), key, &member) || is_found;
    });
  }
  const char* inherited = served == nullptr ? inherited_header(kBaggageHeader.variable) : nullptr;
  if (!is_found && inherited != nullptr) {
    is_found = find_member({inherited, std::strlen(inherited)}, key, &member);
  }
  if (is_found) *value = value_of_member(member);
  return is_found;
}

}  // namespace kolben::agent
