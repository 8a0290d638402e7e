#include "agent/process/secrets.h"

#include <algorithm>
#include <utility>

#include "agent/process/endpoint.h"

namespace kolben::agent {
namespace {

void hide_whole(const std::string& secret, std::string& text) {
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), kHidden);
    at += kHidden.size();
  }
}

// Where a text was cut.
void hide_begin(const std::string& secret, std::string& text) {
  const std::size_t most = std::min(secret.size() - 1, text.size());
  for (std::size_t size = most; size >= Secrets::kBytesMin; --size) {
    if (!std::string_view(text).ends_with(std::string_view(secret).substr(0, size))) continue;
    text.replace(text.size() - size, size, kHidden);
    return;
  }
}

}  // namespace

Secrets::Secrets(const PeerSettings& peer) {
  for (const auto& [name, value] : peer.headers) {
    add(value);
    // "Bearer TOKEN"
    if (const std::size_t blank = value.find(' '); blank != std::string::npos) {
      add(std::string_view(value).substr(blank + 1));
    }
  }
  for (const std::string_view part : secret_parts(peer.endpoint)) {
    add(part);
    add(percent_decoded(part));
  }
  std::sort(all_.begin(), all_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Secrets::add(std::string_view text) {
  if (text.size() >= kBytesMin) all_.emplace_back(text);
}

std::string Secrets::hidden(std::string text) const {
  for (const std::string& secret : all_) hide_whole(secret, text);
  for (const std::string& secret : all_) hide_begin(secret, text);
  return text;
}

Status Secrets::hidden(const Status& status) const {
  if (status.is_ok() || all_.empty()) return status;
  Status shown(status.code(), hidden(std::string(status.message())));
  const auto wait = status.retry_after();
  return wait ? std::move(shown).with_retry_after(*wait) : shown;
}

}  // namespace kolben::agent
