#include "agent/process/secrets.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

Secrets secrets() {
  PeerSettings peer;
  peer.endpoint = "https://a/abcdefghij0123456789/v1/traces?api_key=k%20ey-1";
  peer.headers = {{"authorization", "Bearer t0ken-t0ken"}, {"x-tenant", "a"}};
  return Secrets(peer);
}

TEST(Secrets, WhatIsSentIsHiddenInWhatComesBack) {
  EXPECT_EQ(secrets().hidden("who is Bearer t0ken-t0ken?"), "who is ...?");
  EXPECT_EQ(secrets().hidden("t0ken-t0ken, and t0ken-t0ken again"), "..., and ... again");
  EXPECT_EQ(secrets().hidden("POST https://a/abcdefghij0123456789/v1/traces?api_key=k%20ey-1: no"),
            "POST https://a/.../v1/traces?api_key=...: no");
  EXPECT_EQ(secrets().hidden("the key 'k ey-1' is old"), "the key '...' is old");
}

TEST(Secrets, OfOneThatIsCutItsBeginTooIsHidden) {
  EXPECT_EQ(secrets().hidden("no such token: t0ken-t0"), "no such token: ...");
  EXPECT_EQ(secrets().hidden("no such token: t0ken"), "no such token: t0ken");
}

TEST(Secrets, WhatIsShortHidesNothing) {
  EXPECT_EQ(secrets().hidden("a tenant has failed"), "a tenant has failed");
}

TEST(Secrets, AStatusKeepsItsCodeAndItsWait) {
  const Status status =
      secrets().hidden(unavailable("t0ken-t0ken").with_retry_after(std::chrono::milliseconds(7)));
  EXPECT_EQ(status.to_string(), "UNAVAILABLE: ...");
  EXPECT_EQ(status.retry_after(), std::chrono::milliseconds(7));
  EXPECT_TRUE(secrets().hidden(Status::ok()).is_ok());
}

}  // namespace
}  // namespace kolben::agent
