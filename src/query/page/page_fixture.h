// For tests: the page's calls, asked of a store without a network.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "pipeline/testing/fake_host.h"
#include "query/page/page.h"
#include "query/testing/sample.h"

namespace kolben::query::page {

class PageFixture : public ::testing::Test {
 protected:
  net::http::Response get(const std::string& target) { return get(query::testing::get(target)); }
  net::http::Response get(const net::http::Request& request) { return get(store_, request); }
  net::http::Response get(query::testing::FakeStore& store, const net::http::Request& request) {
    return query::testing::ask(store, host_.clock(), request,
                               [this](const Call& call) { return answer_page(call, host_); });
  }
  std::string body(const std::string& target) { return std::string(get(target).body.view()); }

  query::testing::FakeStore store_;
  pipeline::testing::FakeHost host_;
};

// With the traces and the log records of tests/data/query.
class SampleFixture : public PageFixture {
 protected:
  SampleFixture() { query::testing::fill(store_); }
};

}  // namespace kolben::query::page
