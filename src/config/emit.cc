#include "config/emit.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace kolben::config {
namespace {

constexpr std::string_view kRedacted = "\"[REDACTED]\"";
constexpr std::array kSecretWords = {"password", "passwd",  "token",  "secret",
                                     "key_pem",  "api_key", "apikey", "credential"};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool is_secret_key(std::string_view key) {
  const std::string lower = lower_case(key);
  if (lower.ends_with("_file")) return false;  // a path is no secret
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool is_plain_safe(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`~=<").find(text.front()) != std::string_view::npos) {
    return false;
  }
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

// Whether the text, written plain, would be read as something other than text.
bool reads_as_other_type(std::string_view text) {
  const std::string lower = lower_case(text);
  if (lower == "null" || lower == "~" || lower == "true" || lower == "false") return true;
  return text.find_first_not_of("0123456789+-._eExXoO") == std::string_view::npos;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// A dollar sign is written twice, so that the text can be read again.
std::string scalar(const Node& node) {
  std::string text;
  for (const char c : node.text) {
    text += c;
    if (c == '$') text += '$';
  }
  if (!is_plain_safe(text) || (node.is_quoted && reads_as_other_type(text))) return quoted(text);
  return text;
}

enum class Masking { kNone, kSecrets, kAll };

class Emitter {
 public:
  explicit Emitter(bool mask) : mask_(mask) {}

  std::string take() { return std::move(out_); }

  void write_fields(const Node& map, std::size_t indent, Masking masking) {
    for (const auto& [key, value] : map.fields) {
      Node key_node;
      key_node.text = key;
      out_.append(indent, ' ').append(scalar(key_node)).append(":");
      write_value(value, indent + 2, masking_of(key, value, masking));
    }
  }

  // What stands behind "key:" or "-", with its end of line.
  void write_value(const Node& node, std::size_t indent, Masking masking) {
    if (node.kind == NodeKind::kNull) {
      out_ += "\n";
    } else if (node.kind == NodeKind::kScalar) {
      out_.append(" ").append(masking == Masking::kAll ? kRedacted : scalar(node)).append("\n");
    } else if (node.kind == NodeKind::kMap && node.fields.empty()) {
      out_ += " {}\n";
    } else if (node.kind == NodeKind::kMap) {
      out_ += "\n";
      write_fields(node, indent, masking);
    } else if (node.items.empty()) {
      out_ += " []\n";
    } else {
      out_ += "\n";
      write_items(node, indent, masking);
    }
  }

 private:
  void write_items(const Node& list, std::size_t indent, Masking masking) {
    for (const Node& item : list.items) {
      out_.append(indent, ' ').append("-");
      if (item.kind != NodeKind::kMap || item.fields.empty()) {
        write_value(item, indent + 2, masking);
        continue;
      }
      // The first field stands on the line of the dash.
      const std::size_t begin = out_.size();
      write_fields(item, indent + 2, masking);
      out_.erase(begin, indent + 1);
    }
  }

  Masking masking_of(std::string_view key, const Node&, Masking outer) const {
    if (!mask_ || outer == Masking::kAll) return outer;
    const std::string lower = lower_case(key);
    return lower == "headers" || lower == "response_headers" || is_secret_key(lower) ? Masking::kAll
                                                                                     : outer;
  }

  const bool mask_;
  std::string out_;
};

std::string emit(const Node& node, bool mask) {
  Emitter emitter(mask);
  const Masking masking = mask ? Masking::kSecrets : Masking::kNone;
  if (node.kind == NodeKind::kMap && !node.fields.empty()) {
    emitter.write_fields(node, 0, masking);
    return emitter.take();
  }
  emitter.write_value(node, 0, masking);
  std::string text = emitter.take();
  return text.substr(std::min(text.size(), text.find_first_not_of(" \n")));
}

}  // namespace

std::string to_masked_yaml(const Node& node) {
  return emit(node, true);
}
std::string to_yaml(const Node& node) {
  return emit(node, false);
}

}  // namespace kolben::config
