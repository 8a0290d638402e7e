#include "agent/target/script.h"

#include <cstring>

namespace kolben::agent {
namespace {

// Looked at; nobody writes more options before a script.
constexpr int kArgumentsMax = 32;

struct Interpreter {
  const char* name;     // a version may follow
  const char* options;  // letters that take no value
};
constexpr Interpreter kInterpreters[] = {
    {"python", "bBdEiIOPqsSuvx"},
    {"pypy", "bBdEiIOPqsSuvx"},
    {"node", ""},
    {"perl", "tTwWX"},
    {"ruby", "w"},
    {"php", ""},
    {"java", ""},
    {"bash", "aefhnuvxBCE"},
    {"dash", "aefnuvxC"},
    {"sh", "aefnuvxC"},
    {"zsh", "aefnuvxC"},
};

bool is_version(const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if ((text[i] < '0' || text[i] > '9') && text[i] != '.') return false;
  }
  return true;
}

const Interpreter* interpreter_of(const char* executable, std::size_t size) {
  const char* name = executable + size;
  while (name != executable && name[-1] != '/') --name;
  const auto name_size = static_cast<std::size_t>(executable + size - name);
  for (const Interpreter& known : kInterpreters) {
    const std::size_t known_size = std::strlen(known.name);
    if (name_size < known_size || std::memcmp(name, known.name, known_size) != 0) continue;
    if (is_version(name + known_size, name_size - known_size)) return &known;
  }
  return nullptr;
}

bool is_java(const Interpreter& interpreter) {
  return interpreter.name[0] == 'j';
}

// "-ex", of letters without values; of Java those whose value is part of them.
bool is_plain_option(const Interpreter& interpreter, const char* argument) {
  if (is_java(interpreter)) return argument[1] == 'X' || argument[1] == 'D';
  return argument[1] != '\0' &&
         std::strspn(argument + 1, interpreter.options) == std::strlen(argument + 1);
}

std::uint32_t keep(const char* begin, const char* text, char (&name)[kScriptNameBytesMax]) {
  const std::size_t begin_size = std::strlen(begin);
  const std::size_t size = std::strlen(text);
  if (begin_size + size > sizeof(name)) return 0;
  std::memcpy(name, begin, begin_size);
  std::memcpy(name + begin_size, text, size);
  return static_cast<std::uint32_t>(begin_size + size);
}

std::uint32_t keep_file(const char* path, char (&name)[kScriptNameBytesMax]) {
  const char* slash = std::strrchr(path, '/');
  return keep("", slash == nullptr ? path : slash + 1, name);
}

std::uint32_t keep_module(const char* module, char (&name)[kScriptNameBytesMax]) {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  return std::strspn(module, kLetters) == std::strlen(module) ? keep("-m ", module, name) : 0;
}

}  // namespace

std::uint32_t find_script(const char* executable, std::size_t size, int argc, char* const* argv,
                          char (&name)[kScriptNameBytesMax]) {
  const Interpreter* interpreter = interpreter_of(executable, size);
  if (interpreter == nullptr || argv == nullptr) return 0;
  for (int i = 1; i < argc && i < kArgumentsMax && argv[i] != nullptr; ++i) {
    const char* argument = argv[i];
    if (argument[0] != '-') return is_java(*interpreter) ? 0 : keep_file(argument, name);
    const char* next = i + 1 < argc ? argv[i + 1] : nullptr;
    const bool is_module = interpreter->name[0] == 'p' && interpreter->name[1] == 'y';
    if (is_module && std::strcmp(argument, "-m") == 0) {
      return next == nullptr ? 0 : keep_module(next, name);
    }
    if (is_java(*interpreter) && std::strcmp(argument, "-jar") == 0) {
      return next == nullptr ? 0 : keep_file(next, name);
    }
    if (!is_plain_option(*interpreter, argument)) return 0;
  }
  return 0;
}

}  // namespace kolben::agent
