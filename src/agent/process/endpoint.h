// Endpoints as somebody wrote them: what is wrong with them, and what of them messages show. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent {

// Cuts "user:password@" out of an endpoint, which would be in each message that names it, also
// behind a mistyped scheme. False: there is none.
bool remove_user_info(std::string& endpoint);
inline constexpr std::string_view kNoUserInfo =
    "its user name and password have no effect; a header takes them (authorization)";

// Puts right a scheme that can only be a mistyped one ("http:/host", "htp://host", "http//host");
// of one that is as near to both, https. False: there is nothing to put right.
bool correct_scheme(std::string& endpoint);

// The parts of an endpoint that may be secret: its user and password, the values of its query, and
// what looks like a token in its path.
std::vector<std::string_view> secret_parts(std::string_view endpoint);
// The endpoint with "..." in their place.
std::string shown_endpoint(std::string_view endpoint);

inline constexpr std::string_view kHidden = "...";

}  // namespace kolben::agent
