// The library as Node's addon: the functions that the script of agent/node calls, on a thread that
// runs JavaScript. Node finds napi_register_module_v1 in the library that is loaded already, so
// that both sides share one state.
//
// Node-API is declared here as far as it is used, and weakly: only Node has these functions.
// Source: nodejs.org/api/n-api.html, version 1 of the interface.
#include <cstddef>
#include <cstdint>

#include "agent/preload/agent.h"

extern "C" {
using napi_env = struct napi_env_opaque*;
using napi_value = struct napi_value_opaque*;
using napi_callback_info = struct napi_callback_info_opaque*;
using napi_callback = napi_value (*)(napi_env, napi_callback_info);

#define KOLBEN_NODE __attribute__((weak))
KOLBEN_NODE int napi_create_function(napi_env, const char* name, std::size_t name_size,
                                     napi_callback, void* data, napi_value* result);
KOLBEN_NODE int napi_set_named_property(napi_env, napi_value object, const char* name, napi_value);
KOLBEN_NODE int napi_get_cb_info(napi_env, napi_callback_info, std::size_t* count,
                                 napi_value* arguments, napi_value* self, void** data);
KOLBEN_NODE int napi_get_value_int64(napi_env, napi_value, std::int64_t* result);
KOLBEN_NODE int napi_get_value_string_latin1(napi_env, napi_value, char* text, std::size_t size,
                                             std::size_t* result);
KOLBEN_NODE int napi_create_int64(napi_env, std::int64_t, napi_value* result);
KOLBEN_NODE int napi_create_string_latin1(napi_env, const char*, std::size_t, napi_value* result);
}

namespace kolben::agent {
namespace {

constexpr std::size_t kArgumentsMax = 4;
// Node takes no longer heads either.
constexpr std::size_t kToldHeadBytesMax = 16 * 1024;

// What a function was called with; missing arguments and wrong ones are 0.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kArgumentsMax;
    if (napi_get_cb_info(env, info, &count, values_, nullptr, nullptr) == 0) count_ = count;
  }
  std::int64_t number(std::size_t index) const {
    std::int64_t value = 0;
    if (index < count_) napi_get_value_int64(env_, values_[index], &value);
    return value;
  }
  std::uint64_t request(std::size_t index) const {
    const std::int64_t value = number(index);
    return static_cast<std::uint64_t>(value < 0 ? -value : value);
  }
  // Cut at `capacity` - 1 characters.
  std::size_t text(std::size_t index, char* buffer, std::size_t capacity) const {
    std::size_t size = 0;
    const bool is_text = index < count_ && napi_get_value_string_latin1(
                                               env_, values_[index], buffer, capacity, &size) == 0;
    return is_text ? size : 0;
  }

 private:
  napi_env env_;
  std::size_t count_ = 0;
  napi_value values_[kArgumentsMax] = {};
};

napi_value to_number(napi_env env, std::uint64_t number) {
  napi_value value = nullptr;
  napi_create_int64(env, static_cast<std::int64_t>(number), &value);
  return value;
}

// A negative request: the shim is not certain.
std::uint64_t switch_to(ThreadState& thread, std::int64_t request) {
  Connections& connections = agent_instance.connections;
  thread.is_told_of_writes = true;
  const std::uint64_t before = connections.request(thread);
  if (request < 0) {
    connections.work_for_alone(thread, static_cast<std::uint64_t>(-request));
  } else {
    connections.work_for(thread, static_cast<std::uint64_t>(request));
  }
  return before;
}

// takeRequest() -> the request that was just read, for which the thread works now
napi_value take_request(napi_env env, napi_callback_info) {
  ThreadGuard guard;
  if (!guard) return to_number(env, 0);
  guard.thread().is_told_of_writes = true;
  const std::uint64_t request = agent_instance.connections.take_request(guard.thread());
  agent_instance.connections.work_for(guard.thread(), request);
  return to_number(env, request);
}

// workFor(request) -> what the thread worked for before
napi_value work_for(napi_env env, napi_callback_info info) {
  const std::int64_t request = Arguments(env, info).number(0);
  ThreadGuard guard;
  return to_number(env, guard ? switch_to(guard.thread(), request) : 0);
}

// speakFor(request) -> what the thread worked for before; what follows is printed
napi_value speak_for(napi_env env, napi_callback_info info) {
  const std::int64_t request = Arguments(env, info).number(0);
  ThreadGuard guard;
  if (!guard) return to_number(env, 0);
  const std::uint64_t before = switch_to(guard.thread(), request);
  if (request > 0) {
    agent_instance.connections.speak_for(guard.thread(), static_cast<std::uint64_t>(request));
  }
  return to_number(env, before);
}

// serve(file, head, what) -> request; of a server, whose bytes are not seen
napi_value serve(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  char head[kToldHeadBytesMax];
  ToldRequest told;
  told.file = static_cast<int>(arguments.number(0));
  told.head = head;
  told.head_size = arguments.text(1, head, sizeof(head));
  told.what = static_cast<std::uint8_t>(arguments.number(2));
  ThreadGuard guard;
  if (!guard || told.head_size == 0) return to_number(env, 0);
  return to_number(env, agent_instance.connections.begin_told(guard.thread(), told));
}

// ask(request, head, what) -> request of a client, on behalf of the one that is served
napi_value ask(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  char head[kToldHeadBytesMax];
  ToldRequest told;
  told.is_client = true;
  told.head = head;
  told.head_size = arguments.text(1, head, sizeof(head));
  told.what = static_cast<std::uint8_t>(arguments.number(2));
  const std::int64_t served = arguments.number(0);
  ThreadGuard guard;
  if (!guard || told.head_size == 0) return to_number(env, 0);
  ThreadState& thread = guard.thread();
  const std::uint64_t before = switch_to(thread, served);
  const std::uint64_t asked = agent_instance.connections.begin_told(thread, told);
  agent_instance.connections.work_for(thread, before);
  return to_number(env, asked);
}

// headers(request) -> lines to add to a client's head
napi_value headers(napi_env env, napi_callback_info info) {
  const std::uint64_t request = Arguments(env, info).request(0);
  char lines[kInjectedBytesMax];
  std::size_t size = 0;
  {
    ThreadGuard guard;
    if (guard) size = agent_instance.connections.told_headers(request, lines);
  }
  napi_value text = nullptr;
  napi_create_string_latin1(env, lines, size, &text);
  return text;
}

// connected(request, file)
napi_value connected(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const std::uint64_t request = arguments.request(0);
  const int file = static_cast<int>(arguments.number(1));
  ThreadGuard guard;
  if (guard) agent_instance.connections.name_told(request, file);
  return nullptr;
}

// ended(request, status, isWhole)
napi_value ended(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const std::uint64_t request = arguments.request(0);
  const int status = static_cast<int>(arguments.number(1));
  const bool is_whole = arguments.number(2) != 0;
  ThreadGuard guard;
  if (guard) agent_instance.connections.end_told(guard.thread(), request, status, is_whole);
  return nullptr;
}

struct Function {
  const char* name;
  napi_callback call;
};
constexpr Function kFunctions[] = {
    {"takeRequest", take_request},
    {"workFor", work_for},
    {"speakFor", speak_for},
    {"serve", serve},
    {"ask", ask},
    {"headers", headers},
    {"connected", connected},
    {"ended", ended},
};

}  // namespace
}  // namespace kolben::agent

extern "C" {

#define KOLBEN_EXPORT __attribute__((visibility("default")))

KOLBEN_EXPORT std::int32_t node_api_module_get_api_version_v1() {
  return 1;
}

// Without functions where the agent is off.
KOLBEN_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  using namespace kolben::agent;
  if (napi_create_function == nullptr || !agent_instance.active()) return exports;
  for (const Function& function : kFunctions) {
    napi_value value = nullptr;
    constexpr std::size_t kWhole = SIZE_MAX;
    if (napi_create_function(env, function.name, kWhole, function.call, nullptr, &value) != 0) {
      return exports;
    }
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}

}  // extern "C"
