// The part of Connections for the headers that go on from the request that is served, or from the
// environment, into requests and programs: `tracestate` and `baggage`, with what the application
// adds to it. Of several members of baggage with one key that of the innermost span counts, then
// the request's, then what came in.
#include <strings.h>

#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/exec_environment.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {
namespace {

constexpr char kTracestate[] = "tracestate:";
constexpr char kBaggageHeader[] = "baggage:";

bool is_baggage(const char* name) {
  return std::strcmp(name, kBaggageHeader) == 0;
}

// Of the innermost of the thread's spans that has any, with that of those around it.
ListText own_of_span(const ThreadState& thread) {
  const OwnBaggage* own = thread.baggage;
  return own != nullptr && own->span == thread.baggage_span ? own->list() : ListText();
}

ListText own_of_request(const OpenExchange& served) {
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
void each_value(const OpenExchange& served, const char* name, Use use) {
  each_value(served.request_head, served.request.head().size, name, use);
}

// What there is to write of one header.
struct Carried {
  const char* name;
  ListText own_of_span;
  const OpenExchange* served;  // null: none
  const char* inherited;       // where none is served; null: nothing
};

// False: something of it was left out.
bool write_list(const Carried& carried, ListWriter& writer) {
  if (is_baggage(carried.name)) {
    writer.add(carried.own_of_span);
    writer.settle_keys();
    if (carried.served != nullptr) writer.add(own_of_request(*carried.served));
    writer.settle_keys();
  }
  bool is_whole = true;
  if (carried.served != nullptr) {
    each_value(*carried.served, carried.name, [&](ListText value, bool has_end) {
      writer.add(has_end ? value : whole_members(value));
      is_whole = is_whole && has_end;
    });
  } else if (carried.inherited != nullptr) {
    writer.add({carried.inherited, std::strlen(carried.inherited)});
  }
  return is_whole && !writer.is_cut();
}

// As much of it as there is room for.
bool write_fitting(const Carried& carried, ListWriter& writer) {
  const bool is_whole = write_list(carried, writer);
  if (writer.is_cut() && !is_baggage(carried.name)) {
    writer.begin_without_long();
    write_list(carried, writer);
  }
  return is_whole;
}

}  // namespace

bool OwnBaggage::set(ListText before, ListText key, ListText value) {
  char member[kOwnBaggageBytesMax];
  const std::size_t member_size = encode_member(key, value, member, sizeof(member));
  if (member_size == 0) return false;
  char all[kOwnBaggageBytesMax];
  ListWriter writer(all, sizeof(all));
  writer.add({member, member_size});
  writer.settle_keys();
  writer.add(before);
  if (writer.is_cut()) return false;
  std::memcpy(members, all, writer.size());
  size = static_cast<std::uint32_t>(writer.size());
  return true;
}

// The line of this header for a request that is asked on behalf of `served`; its size, 0: there is
// nothing to say, or no room.
std::size_t Connections::carry(const ThreadState& thread, const char* name, const CallPlace& place,
                               char* to, std::size_t room) const {
  // W3C Trace Context, 3.3: without a traceparent it means nothing.
  const bool means_nothing = place.served != nullptr && !place.served->parent_is_remote &&
                             std::strcmp(name, kTracestate) == 0;
  const std::size_t name_size = std::strlen(name) + 1;  // with a blank
  constexpr std::size_t kEndSize = 2;
  if (means_nothing || room < name_size + kEndSize) return 0;
  const bool is_below_span =
      std::memcmp(place.parent_span_id, thread.span_context.span_id, sizeof(Context::span_id)) == 0;
  const char* inherited = place.served == nullptr ? inherited_below(place.trace_id, name) : nullptr;
  const Carried carried = {name, is_below_span ? own_of_span(thread) : ListText(), place.served,
                           inherited};
  ListWriter writer(to + name_size, room - name_size - kEndSize);
  if (!write_fitting(carried, writer)) count_untraced(ring_);
  if (writer.size() == 0) return 0;
  std::memcpy(to, name, name_size - 1);
  to[name_size - 1] = ' ';
  std::memcpy(to + name_size + writer.size(), "\r\n", kEndSize);
  return name_size + writer.size() + kEndSize;
}

// What the environment says, for what is below the process's context; null: nothing.
const char* Connections::inherited_below(const std::uint8_t* trace_id, const char* name) const {
  const Context* process = process_ == nullptr ? nullptr : process_->known();
  const bool is_below = process != nullptr &&
                        std::memcmp(process->trace_id, trace_id, sizeof(process->trace_id)) == 0;
  return is_below ? inherited_header(name) : nullptr;
}

std::size_t Connections::list_for_child(const ThreadState& thread, const char* name, char* value,
                                        std::size_t room) const {
  const OpenExchange* served = serves(thread) ? thread.request.exchange : nullptr;
  const char* inherited =
      served == nullptr ? inherited_below(thread.span_context.trace_id, name) : nullptr;
  ListWriter writer(value, room);
  write_fitting({name, own_of_span(thread), served, inherited}, writer);
  return writer.size();
}

bool Connections::set_baggage(ThreadState& thread, ListText key, ListText value) {
  if (!serves(thread)) return false;
  OpenExchange* exchange = thread.request.exchange;
  Socket* socket = find(static_cast<int>(exchange->file.load(std::memory_order_relaxed)) - 1);
  SocketLock lock(socket);
  if (!lock || !serves(thread)) return false;
  if (!exchange->has_baggage) exchange->said.baggage.clear();
  exchange->has_baggage = true;
  OwnBaggage& baggage = exchange->said.baggage;
  return baggage.set(baggage.list(), key, value);
}

bool Connections::find_baggage(const ThreadState& thread, ListText key, ListText* value) const {
  const OpenExchange* served = serves(thread) ? thread.request.exchange : nullptr;
  ListText member;
  bool is_found = find_member(own_of_span(thread), key, &member) ||
                  (served != nullptr && find_member(own_of_request(*served), key, &member));
  if (!is_found && served != nullptr) {
    each_value(*served, kBaggageHeader, [&](ListText list, bool has_end) {
      is_found = find_member(has_end ? list : whole_members(list), key, &member) || is_found;
    });
  }
  const char* inherited = served == nullptr ? inherited_header(kBaggageHeader) : nullptr;
  if (!is_found && inherited != nullptr) {
    is_found = find_member({inherited, std::strlen(inherited)}, key, &member);
  }
  if (is_found) *value = value_of_member(member);
  return is_found;
}

}  // namespace kolben::agent
