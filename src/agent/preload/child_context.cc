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

void ChildContext::set_carried(const char* name, const char* header, char* text,
                               std::size_t capacity, const Connections& connections,
                               const ThreadState& thread, char* const* environment) {
  if (sets_itself(environment, name)) return;
  const std::size_t name_size = std::strlen(name);
  std::memcpy(text, name, name_size);
  const std::size_t size =
      connections.list_for_child(thread, header, text + name_size, capacity - name_size - 1);
  text[name_size + size] = '\0';
  variables.add(name, size != 0 ? text : nullptr);
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
// told of itself is never handed on.
void Agent::context_for_child(ThreadState& thread, char* const* environment, Becomes becomes,
                              ChildContext* child) {
  const bool goes_on = trace_for_child(thread, environment, becomes, child);
  child->variables.add(kCommandName, goes_on ? child->command : nullptr);
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
  // Nothing is recorded of what begins there either.
  const bool is_sampled = context != nullptr && (context->flags & 1) != 0;
  if (context != nullptr && !is_sampled && !sampler_.may_sample()) return false;
  if (context != nullptr) {
    child->set_traceparent(*context);
  } else {
    child->variables.add(kTraceparentName, nullptr);
  }
  if (goes_on) {
    std::memcpy(child->command, kCommandName, sizeof(kCommandName) - 1);
    std::memcpy(child->command + sizeof(kCommandName) - 1, mark, sizeof(mark));
  }
  // What the environment brought goes on with its own context.
  if (context != nullptr && of_request == nullptr) return goes_on;
  child->set_carried(kTracestateName, "tracestate:", child->tracestate, sizeof(child->tracestate),
                     connections, thread, environment);
  if ((formats_ & kBaggage) == 0) return goes_on;
  child->set_carried(kBaggageName, "baggage:", child->baggage, sizeof(child->baggage), connections,
                     thread, environment);
  return goes_on;
}

}  // namespace kolben::agent
