#include "query/page/span_detail.h"

namespace kolben::query::page {
namespace {

// As much as a wide screen shows.
constexpr std::size_t kDetailBytesMax = 200;

// Whole characters of UTF-8.
std::string_view beginning_of(std::string_view text) {
  if (text.size() <= kDetailBytesMax) return text;
  std::size_t size = kDetailBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

const std::vector<std::string>& detail_keys() {
  static const std::vector<std::string> kKeys = {
      "db.query.text", "db.statement",  "url.full",       "http.url",
      "http.target",   "url.path",      "http.route",     "messaging.destination.name",
      "peer.service",  "net.peer.name", "server.address",
  };
  return kKeys;
}

std::string_view span_detail(const Span& span) {
  for (const std::string& key : detail_keys()) {
    const Value* const value = find(span.attributes, key);
    if (value == nullptr || value->type() != ValueType::kString) continue;
    const std::string_view text = value->as_string();
    if (text.empty()) continue;
    if (span.name.find(text) != std::string_view::npos) return {};
    return beginning_of(text);
  }
  return {};
}

}  // namespace kolben::query::page
