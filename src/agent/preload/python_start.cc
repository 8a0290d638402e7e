// Before Python reads its environment: PYTHONPATH gets the folder of the agent's Python side
// (agent/python) as its first entry. Only in this process, and only for the time until the
// sitecustomize.py of that folder runs, which puts the variable back: a child of this process
// decides for itself, and no other program sees it.
#include <string.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/python_path.h"

// Python's own main, which is in every program that has Python within it.
extern "C" __attribute__((weak)) int Py_Main(int, wchar_t**);

namespace kolben::agent {
namespace {

constexpr char kPath[] = "PYTHONPATH=";
constexpr char kFolder[] = "KOLBEN_AGENT_PYTHON=";
constexpr std::size_t kPathSize = sizeof(kPath) - 1;

constinit char path[8192] = {};

char** find_variable(const char* name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (strncmp(*entry, name, strlen(name)) == 0) return entry;
  }
  return nullptr;
}

// Others (uWSGI, Apache with mod_wsgi) have Python within them, and options of their own.
bool is_python() {
  char executable[1024];
  const ssize_t size = readlink("/proc/self/exe", executable, sizeof(executable) - 1);
  if (size <= 0) return false;
  executable[size] = '\0';
  return strstr(executable, "/python") != nullptr;
}

__attribute__((constructor(kConstructorOfPython))) void python_starts(int argc, char** argv) {
  if (!agent_instance.active() || Py_Main == nullptr) return;
  char** folder = find_variable(kFolder);
  if (folder == nullptr) return;
  const char* place = *folder + sizeof(kFolder) - 1;
  const bool is_entry = *place == '/' && strcspn(place, ":") == strlen(place);
  if (!is_entry || access(place, R_OK) != 0) return;
  if (is_python() && is_python_on_its_own(argc, argv)) return;
  char** old = find_variable(kPath);
  const char* list = old == nullptr ? nullptr : *old + kPathSize;
  if (has_other_agent(list)) return;
  memcpy(path, kPath, kPathSize);
  if (!put_first(place, list, path + kPathSize, sizeof(path) - kPathSize)) return;
  // In the place of the variable that sitecustomize.py puts back.
  *(old != nullptr ? old : folder) = path;
}

}  // namespace
}  // namespace kolben::agent
