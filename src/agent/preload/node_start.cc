// Before Node reads its environment: NODE_OPTIONS gets our script, which carries the requests that
// are served through the program's callbacks (agent/node). Only in this process, and only for the
// time until the script runs, which puts the variable back: a child of this process decides for
// itself, and no other program sees it.
#include <string.h>
#include <unistd.h>

#include "agent/preload/agent.h"

// node::Start(int, char**), which only Node has.
extern "C" __attribute__((weak)) int _ZN4node5StartEiPPc(int, char**);

namespace kolben::agent {
namespace {

constexpr char kOptions[] = "NODE_OPTIONS=";
constexpr char kScript[] = "KOLBEN_AGENT_NODE=";
constexpr char kRequire[] = "--require ";
constexpr int kArgumentsMax = 1024;

// Other agents, which carry contexts themselves; and what forbids addons or unknown files, so that
// Node would not start.
constexpr const char* kReasonsAgainst[] = {
    "dd-trace",         "newrelic",     "@opentelemetry/",           "elastic-apm-node",
    "@splunk/otel",     "--permission", "--experimental-permission", "--experimental-policy",
    "--disable-addons", "--no-addons",
};

constinit char options[8192] = {};

bool speaks_against(const char* text) {
  for (const char* reason : kReasonsAgainst) {
    if (strstr(text, reason) != nullptr) return true;
  }
  return false;
}

bool is_node() {
  if (_ZN4node5StartEiPPc == nullptr) return false;
  // Other programs have Node within them, and options of their own.
  char path[1024];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  const char* name = path;
  for (const char* at = path; *at != '\0'; ++at) {
    if (*at == '/') name = at + 1;
  }
  return strcmp(name, "node") == 0 || strcmp(name, "nodejs") == 0;
}

char** find_variable(const char* name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (strncmp(*entry, name, strlen(name)) == 0) return entry;
  }
  return nullptr;
}

// False: there is no room.
bool append(const char* text) {
  const size_t used = strlen(options);
  const size_t size = strlen(text);
  if (size >= sizeof(options) - used) return false;
  memcpy(options + used, text, size + 1);
  return true;
}

__attribute__((constructor(kConstructorOfNode))) void node_starts(int argc, char** argv) {
  if (!agent_instance.active() || !is_node()) return;
  char** script = find_variable(kScript);
  if (script == nullptr) return;
  const char* path = *script + sizeof(kScript) - 1;
  // A name that would have to be quoted is left alone; one that cannot be read keeps Node from
  // starting.
  if (*path != '/' || strcspn(path, " \t\"'\\") != strlen(path) || access(path, R_OK) != 0) return;
  for (int i = 1; i < argc && i < kArgumentsMax; ++i) {
    if (speaks_against(argv[i])) return;
  }
  char** old = find_variable(kOptions);
  if (old != nullptr && speaks_against(*old)) return;
  const bool has_old = old != nullptr && (*old)[sizeof(kOptions) - 1] != '\0';
  const bool fits = append(old != nullptr ? *old : kOptions) && append(has_old ? " " : "") &&
                    append(kRequire) && append(path);
  // In the place of the variable that the script puts back.
  if (fits) *(old != nullptr ? old : script) = options;
}

}  // namespace
}  // namespace kolben::agent
