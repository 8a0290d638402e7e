#include "query/testing/sample.h"

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "query/json.h"

namespace kolben::query::testing {
namespace {

std::string path_of(std::string_view name) {
  return std::string(KOLBEN_TEST_DATA) + "/query/" + std::string(name);
}

}  // namespace

std::string read_data(std::string_view name) {
  std::FILE* file = std::fopen(path_of(name).c_str(), "rb");
  if (file == nullptr) return {};
  std::string content;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) {
    content.append(buffer, got);
  }
  std::fclose(file);
  return content;
}

void fill(FakeStore& store) {
  store.add_traces(read_data("trace.otlp.json"));
  store.add_logs(read_data("logs.otlp.json"));
}

net::http::Request get(std::string target) {
  net::http::Request request;
  request.method = "GET";
  request.target = std::move(target);
  request.peer = "127.0.0.1:50000";
  return request;
}

std::string header(const net::http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

std::string golden_difference(std::string_view name, std::string_view json) {
  std::string actual = pretty_print(json, 1);
  if (!actual.ends_with('\n')) actual += '\n';
  if (std::getenv("KOLBEN_UPDATE_GOLDEN") != nullptr) {
    std::FILE* file = std::fopen(path_of(name).c_str(), "wb");
    KOLBEN_CHECK(file != nullptr);
    std::fwrite(actual.data(), 1, actual.size(), file);
    std::fclose(file);
    return {};
  }
  const std::string expected = read_data(name);
  if (actual == expected) return {};
  std::size_t at = 0;
  while (at < actual.size() && at < expected.size() && actual[at] == expected[at]) ++at;
  const std::size_t from = at > 200 ? at - 200 : 0;
  return std::string(name) + " differs at byte " + std::to_string(at) + "\nwanted ..." +
         expected.substr(from, 400) + "\ngot ..." + actual.substr(from, 400);
}

}  // namespace kolben::query::testing
