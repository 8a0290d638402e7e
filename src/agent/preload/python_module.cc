// The library as an extension module of Python, `kolben_native`: the agent's table for
// agent/python, at a fifth of what the same calls cost by ctypes, which takes milliseconds to load
// besides. Python loads the file that is loaded already, so the module's state is the agent's.
//
// Built without Python's headers, for all its versions from 3.7 on: what is declared here is its
// stable ABI (docs.python.org/3/c-api/stable.html) and PyModuleDef's layout, which is that of all
// builds but the free-threaded and those that trace references; table.py sees to that. The symbols
// are weak, and null in every other program.
//
// All functions run with the interpreter's lock held, take what table.py gives them, and return
// null where Python has an exception set.
#include <string.h>
#include <sys/types.h>

#include <cstdint>

#include "agent/preload/agent.h"
#include "agent/protocols/traceparent.h"
#include "kolben/abi.h"

extern "C" {

struct PyObject;

struct PyMethodDef {
  const char* name;
  PyObject* (*function)(PyObject* module, PyObject* const* arguments, ssize_t count);
  int flags;
  const char* doc;
};

struct PyModuleDef {
  ssize_t references;
  void* type;
  void* init;
  ssize_t index;
  void* copy;
  const char* name;
  const char* doc;
  ssize_t size;
  const PyMethodDef* methods;
  void* slots;
  void* traverse;
  void* clear;
  void* free;
};

__attribute__((weak)) extern PyObject* PyModule_Create2(PyModuleDef*, int);
__attribute__((weak)) extern PyObject* PyErr_Occurred();
__attribute__((weak)) extern PyObject* PyLong_FromUnsignedLongLong(unsigned long long);
__attribute__((weak)) extern unsigned long long PyLong_AsUnsignedLongLong(PyObject*);
__attribute__((weak)) extern double PyFloat_AsDouble(PyObject*);
__attribute__((weak)) extern PyObject* PyBytes_FromStringAndSize(const char*, ssize_t);
__attribute__((weak)) extern int PyBytes_AsStringAndSize(PyObject*, char**, ssize_t*);
__attribute__((weak)) extern PyObject* Py_BuildValue(const char*, ...);

}  // extern "C"

namespace kolben::agent {
namespace {

constexpr int kFastCall = 0x80;  // METH_FASTCALL
constexpr int kStableAbi = 3;    // PYTHON_ABI_VERSION

// What a function was called with. Reading stops at the first thing that is wrong.
class Arguments {
 public:
  Arguments(PyObject* const* arguments, ssize_t count) : next_(arguments), left_(count) {}

  std::uint64_t number() {
    PyObject* one = take();
    const std::uint64_t value = ok_ ? PyLong_AsUnsignedLongLong(one) : 0;
    if (ok_ && value == ~std::uint64_t{0} && PyErr_Occurred() != nullptr) ok_ = false;
    return value;
  }
  double real() {
    PyObject* one = take();
    const double value = ok_ ? PyFloat_AsDouble(one) : 0;
    if (ok_ && value == -1 && PyErr_Occurred() != nullptr) ok_ = false;
    return value;
  }
  kolben_text bytes() {
    PyObject* one = take();
    char* data = nullptr;
    ssize_t size = 0;
    if (ok_ && PyBytes_AsStringAndSize(one, &data, &size) != 0) ok_ = false;
    return {data, ok_ ? static_cast<std::size_t>(size) : 0};
  }
  bool is_empty() const { return left_ == 0; }
  bool ok() const { return ok_; }

 private:
  PyObject* take() {
    if (left_ <= 0) ok_ = false;
    --left_;
    return ok_ ? *next_++ : nullptr;
  }

  PyObject* const* next_;
  ssize_t left_;
  bool ok_ = true;
};

PyObject* none() {
  return Py_BuildValue("");
}
// After a call that returns nothing.
PyObject* nothing(const Arguments& arguments) {
  return arguments.ok() || PyErr_Occurred() == nullptr ? none() : nullptr;
}
PyObject* number(std::uint64_t value) {
  return PyLong_FromUnsignedLongLong(value);
}

// Null while the agent is off, as in a child that could not attach.
const kolben_table* table() {
  return kolben_agent_table();
}

using Call = PyObject* const*;

PyObject* is_on(PyObject*, Call, ssize_t) {
  return number(table() != nullptr ? 1 : 0);
}

PyObject* request(PyObject*, Call, ssize_t) {
  return number(table() != nullptr ? table()->request() : 0);
}

// (request, span)
PyObject* work_for(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const std::uint64_t request = arguments.number();
  const std::uint64_t span = arguments.number();
  if (arguments.ok() && table() != nullptr) table()->work_for(request, span);
  return nothing(arguments);
}

// () This thread's greenlets: work_for() is called for each of their changes.
PyObject* follow_greenlets(PyObject*, Call, ssize_t) {
  ThreadGuard guard;
  if (guard) guard.thread().is_told_of_greenlets = true;
  return none();
}

// () -> bytes, or None
PyObject* traceparent(PyObject*, Call, ssize_t) {
  char text[kTraceparentSize];
  const std::size_t size = table() != nullptr ? table()->traceparent(text, sizeof(text)) : 0;
  return size == 0 ? none() : PyBytes_FromStringAndSize(text, static_cast<ssize_t>(size));
}

// (parent's traceparent, or b"" for none) -> the span's traceparent and its number, 8 bytes
PyObject* span_start(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_text parent = arguments.bytes();
  if (!arguments.ok()) return nothing(arguments);
  char result[kTraceparentSize + sizeof(kolben_span)] = {};
  const bool has_parent = parent.size == kTraceparentSize;
  const kolben_span span =
      table() != nullptr ? table()->span_start(has_parent ? parent.data : nullptr, result) : 0;
  memcpy(result + kTraceparentSize, &span, sizeof(span));
  return PyBytes_FromStringAndSize(result, sizeof(result));
}

// (span, packed), or (span) to end it untold
PyObject* span_finish(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_span span = arguments.number();
  const kolben_text packed = arguments.is_empty() ? kolben_text{} : arguments.bytes();
  if (arguments.ok() && table() != nullptr) table()->span_finish(span, packed.data, packed.size);
  return nothing(arguments);
}

PyObject* log_packed(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_text packed = arguments.bytes();
  if (arguments.ok() && table() != nullptr) table()->log_packed(packed.data, packed.size);
  return nothing(arguments);
}

// (kind, name, unit, description) -> number
PyObject* instrument(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const auto kind = static_cast<int>(arguments.number());
  const kolben_text name = arguments.bytes();
  const kolben_text unit = arguments.bytes();
  const kolben_text description = arguments.bytes();
  if (!arguments.ok()) return nothing(arguments);
  return number(table() != nullptr ? table()->instrument(kind, name, unit, description) : 0);
}

// (instrument, value, packed attributes)
PyObject* record_packed(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_instrument handle = arguments.number();
  const double value = arguments.real();
  const kolben_text packed = arguments.bytes();
  if (arguments.ok() && table() != nullptr) {
    table()->record_packed(handle, value, packed.data, packed.size);
  }
  return nothing(arguments);
}

PyObject* request_packed(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_text packed = arguments.bytes();
  if (arguments.ok() && table() != nullptr) table()->request_packed(packed.data, packed.size);
  return nothing(arguments);
}

PyObject* request_route(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_text route = arguments.bytes();
  if (arguments.ok() && table() != nullptr) table()->request_route(route);
  return nothing(arguments);
}

PyObject* output_is_told(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const std::uint64_t begins = arguments.number();
  if (arguments.ok() && table() != nullptr) table()->output_is_told(begins != 0 ? 1 : 0);
  return nothing(arguments);
}

// (first bytes, size of the whole)
PyObject* output_text_is_told(PyObject*, Call call, ssize_t count) {
  Arguments arguments(call, count);
  const kolben_text begin = arguments.bytes();
  const std::uint64_t size = arguments.number();
  if (arguments.ok() && table() != nullptr) table()->output_text_is_told(begin, size);
  return nothing(arguments);
}

constexpr PyMethodDef kMethods[] = {
    {"is_on", is_on, kFastCall, nullptr},
    {"request", request, kFastCall, nullptr},
    {"work_for", work_for, kFastCall, nullptr},
    {"follow_greenlets", follow_greenlets, kFastCall, nullptr},
    {"traceparent", traceparent, kFastCall, nullptr},
    {"span_start", span_start, kFastCall, nullptr},
    {"span_finish", span_finish, kFastCall, nullptr},
    {"log_packed", log_packed, kFastCall, nullptr},
    {"instrument", instrument, kFastCall, nullptr},
    {"record_packed", record_packed, kFastCall, nullptr},
    {"request_packed", request_packed, kFastCall, nullptr},
    {"request_route", request_route, kFastCall, nullptr},
    {"output_is_told", output_is_told, kFastCall, nullptr},
    {"output_text_is_told", output_text_is_told, kFastCall, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

constinit PyModuleDef definition = {.references = 1,
                                    .type = nullptr,
                                    .init = nullptr,
                                    .index = 0,
                                    .copy = nullptr,
                                    .name = "kolben_native",
                                    .doc = nullptr,
                                    .size = -1,
                                    .methods = kMethods,
                                    .slots = nullptr,
                                    .traverse = nullptr,
                                    .clear = nullptr,
                                    .free = nullptr};

}  // namespace
}  // namespace kolben::agent

extern "C" __attribute__((visibility("default"))) PyObject* PyInit_kolben_native() {
  // A Python that came into the program later than the library: its functions were not found.
  if (PyModule_Create2 == nullptr) return nullptr;
  return PyModule_Create2(&kolben::agent::definition, kolben::agent::kStableAbi);
}
