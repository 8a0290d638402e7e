#include "agent/preload/child_context.h"

#include <unistd.h>

#include <cstring>

#include "agent/preload/agent.h"

namespace kolben::agent {
void ChildContext::set_traceparent(const Context& context) {
  std::memcpy(traceparent, kTraceparentName, sizeof(kTraceparentName));
  char* value = traceparent + sizeof(kTraceparentName) - 1;
  format_traceparent(context.trace_id, context.span_id, context.flags, value);
  value[kTraceparentSize] = '\0';
  variables.add(kTraceparentName, traceparent);
}

template <std::size_t Capacity>
void ChildContext::set_carried(const CarriedHeader& header, char (&text)[Capacity],
                               const Connections& connections, const ThreadState& thread,
                               char* const* environment) {
  if (sets_itself(environment, header.variable)) return;
  const std::size_t name_size = std::strlen(header.variable);
  std::memcpy(text, header.variable, name_size);
  const std::size_t size =
      connections.list_for_child(thread, header, text + name_size, Capacity - name_size - 1);
  text[name_size + size] = '\0';
  variables.add(header.variable, size != 0 ? text : nullptr);
}

// Of the request that the thread serves, or that it served when its process was forked: the child
// may have closed the connection since.
const Context* Agent::request_context(const ThreadState& thread) {
  if (thread.span != 0) return &thread.span_context;
  const ExchangeReference& forked = thread.forked_request;
  const bool is_forked = forked.exchange != nullptr && forked.exchange == thread.request.exchange &&
                         forked.id == thread.request.id;
  return is_forked || Connections::serves(thread) ? &thread.request_context : nullptr;
}

// The next program is the command that this one is only where it is told so: what this one was
// told of itself is never handed on. Baggage goes on whatever becomes of the trace.
void Agent::context_for_child(ThreadState& thread, char* const* environment, Becomes becomes,
                              ChildContext* child) {
  const bool goes_on = trace_for_child(thread, environment, becomes, child);
  child->variables.add(kCommandName, goes_on ? child->command : nullptr);
  if ((formats_ & kBaggage) == 0 || request_context(thread) == nullptr) return;
  child->set_carried(kBaggageHeader, child->baggage, connections, thread, environment);
}

// Whether the child goes on with the span of this command.
bool Agent::trace_for_child(ThreadState& thread, char* const* environment, Becomes becomes,
                            ChildContext* child) {
  if ((formats_ & kTraceContext) == 0 || sets_itself(environment, kTraceparentName)) return false;
  const Context* of_request = request_context(thread);
  const Context* context = of_request;
  char mark[ProcessContext::kMarkBytes];
  const bool goes_on = of_request == nullptr && becomes == Becomes::kThisProcess &&
                       filter.allows(OwnCall::kGetpid) &&
                       process.mark(static_cast<std::uint32_t>(getpid()), mark);
  if (goes_on) {
    context = process.span();
  } else if (context == nullptr) {
    context = process.use(thread);
  }
  if (context == nullptr) {
    take_out_context(environment, child);
    return false;
  }
  // Nothing is recorded of what begins there either.
  const bool is_sampled = (context->flags & 1) != 0;
  if (!is_sampled && !sampler_.may_sample()) return false;
  child->set_traceparent(*context);
  if (goes_on) {
    std::memcpy(child->command, kCommandName, sizeof(kCommandName) - 1);
    std::memcpy(child->command + sizeof(kCommandName) - 1, mark, sizeof(mark));
  }
  // What the environment brought goes on with its own context.
  if (of_request == nullptr) return goes_on;
  child->set_carried(kTracestateHeader, child->tracestate, connections, thread, environment);
  return goes_on;
}

// What the thread does is not below what the environment brought.
void Agent::take_out_context(char* const* environment, ChildContext* child) const {
  child->variables.add(kTraceparentName, nullptr);
  for (const CarriedHeader* header : kCarriedHeaders) {
    const bool stays =
        (formats_ & header->format) == 0 || sets_itself(environment, header->variable);
    if (!stays) child->variables.add(header->variable, nullptr);
  }
}

}  // namespace kolben::agent
