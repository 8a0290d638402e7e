// What the tests of the APIs share: a trace made by hand (tests/data/query/trace.otlp.json), calls
// without a network, and golden files.
#pragma once

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "net/http/message.h"
#include "query/call.h"
#include "query/testing/fake_store.h"

namespace kolben::query::testing {

// A file of tests/data/query.
std::string read_data(std::string_view name);

// A store with the traces and the log records of tests/data/query.
void fill(FakeStore& store);

net::http::Request get(std::string target);

// What `answer(call)` makes of the request.
template <typename Answer>
net::http::Response ask(FakeStore& store, const Clock& clock, const net::http::Request& request,
                        Answer answer) {
  const auto parameters = Parameters::parse(request.target);
  KOLBEN_CHECK(parameters.has_value());
  return answer(Call{store, clock, request, request.path(), *parameters});
}

// The value of a response's header, or empty.
std::string header(const net::http::Response& response, std::string_view name);

// Compares with tests/data/query/<name>, both pretty-printed so that a difference can be read. With
// KOLBEN_UPDATE_GOLDEN set in the environment it writes the file instead. Empty: they are equal.
std::string golden_difference(std::string_view name, std::string_view json);

}  // namespace kolben::query::testing
