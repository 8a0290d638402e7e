#include "agent/process/entities.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "agent/process/utf8.h"

namespace kolben::agent {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Of a type, or of an attribute.
bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

// RFC 3986: a scheme, and what it is the scheme of.
bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  const bool is_scheme = !scheme.empty() && is_letter(scheme.front()) &&
                         std::all_of(scheme.begin(), scheme.end(), [](char c) {
                           return is_letter(c) || is_digit(c) || c == '+' || c == '.' || c == '-';
                         });
  constexpr std::string_view kNeverInUris = "\"<>\\^`{|} ";
  return is_scheme && std::all_of(text.begin(), text.end(), [&](char c) {
           return c > ' ' && c < '\x7f' && kNeverInUris.find(c) == std::string_view::npos;
         });
}

const std::string* value_of(const NamedTexts& texts, std::string_view key) {
  const auto found =
      std::find_if(texts.begin(), texts.end(), [&](const auto& item) { return item.first == key; });
  return found == texts.end() ? nullptr : &found->second;
}

bool are_same(const NamedTexts& left, const NamedTexts& right) {
  return left.size() == right.size() &&
         std::all_of(left.begin(), left.end(), [&](const auto& item) {
           const std::string* value = value_of(right, item.first);
           return value != nullptr && *value == item.second;
         });
}

// "key=value" as it is allowed between brackets.
std::optional<std::pair<std::string, std::string>> parse_pair(std::string_view item) {
  const std::size_t equals = item.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view key = trimmed(item.substr(0, equals));
  const std::string_view value = trimmed(item.substr(equals + 1));
  constexpr std::string_view kReserved = "{}[]@;,=";
  if (!is_name(key) || value.find_first_of(kReserved) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(std::string(key), repair_utf8(percent_decoded(value)));
}

class EntityParser {
 public:
  explicit EntityParser(const SayMistake& say) : say_(say) {}

  void add(std::string_view definition) {
    std::optional<Entity> entity = parse(definition);
    if (!entity) return;
    const auto same = std::find_if(entities_.begin(), entities_.end(),
                                   [&](const Entity& other) { return other.type == entity->type; });
    if (same != entities_.end()) {
      say_(definition, are_same(same->ids, entity->ids)
                           ? "this entity is named twice; the last one counts"
                           : "a second entity of this type; the last one counts");
      entities_.erase(same);
    }
    if (entities_.size() == kEntitiesMax) return say_(definition, "too many entities; left out");
    entities_.push_back(*std::move(entity));
  }

  std::vector<Entity> finish() {
    for (std::size_t last = 1; last < entities_.size(); ++last) {
      for (std::size_t first = 0; first < last; ++first) {
        settle(entities_[first], entities_[last]);
      }
    }
    std::erase_if(entities_, [](const Entity& entity) { return entity.ids.empty(); });
    return std::move(entities_);
  }

 private:
  std::optional<Entity> parse(std::string_view definition) {
    Entity entity;
    const auto left_out = [&](std::string_view why) {
      say_(definition, std::string(why) + "; this entity is left out");
      return std::nullopt;
    };
    const std::size_t open = definition.find('{');
    const std::size_t close = definition.find('}');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
      return left_out("want type{key=value}");
    }
    entity.type = trimmed(definition.substr(0, open));
    if (!is_name(entity.type)) return left_out("no type stands before the {");
    if (!read_pairs(definition.substr(open + 1, close - open - 1), entity.ids)) {
      return left_out("want key=value between { and }");
    }
    if (entity.ids.empty()) return left_out("nothing between { and } identifies it");
    std::string_view rest = trimmed(definition.substr(close + 1));
    if (rest.starts_with('[')) {
      const std::size_t end = rest.find(']');
      if (end == std::string_view::npos) return left_out("the ] is missing");
      if (!read_pairs(rest.substr(1, end - 1), entity.descriptions)) {
        say_(definition, "want key=value between [ and ]; the others describe it");
      }
      rest = trimmed(rest.substr(end + 1));
    }
    if (rest.empty()) return entity;
    if (!rest.starts_with('@')) return left_out("want [key=value] or @URL behind the }");
    rest.remove_prefix(1);
    if (is_uri(rest)) {
      entity.schema_url = rest;
    } else {
      say_(definition, "no URL stands behind the @; the entity has none");
    }
    return entity;
  }

  // False: not all of them are pairs, or they are too many.
  static bool read_pairs(std::string_view list, NamedTexts& texts) {
    bool is_good = true;
    for (const std::string_view item : split_list(list)) {
      auto pair = parse_pair(item);
      if (!pair || texts.size() == kEntityAttributesMax) {
        is_good = false;
      } else {
        put(texts, pair->first, std::move(pair->second));
      }
    }
    return is_good;
  }

  // The resource has one value of an attribute. What identifies is stronger than what describes,
  // else the last one counts. An entity whose identity is lost has no ids any more.
  void settle(Entity& first, Entity& last) {
    const auto conflicts = [](const NamedTexts& with, const auto& item) {
      const std::string* value = value_of(with, item.first);
      return value != nullptr && *value != item.second;
    };
    const auto remove = [&](NamedTexts& from, const NamedTexts& against, const Entity& of,
                            const Entity& than) {
      std::erase_if(from, [&](const auto& item) {
        if (!conflicts(against, item)) return false;
        say_(item.first, "has another value in " + than.type + " than in " + of.type +
                             "; it describes " + than.type + " alone");
        return true;
      });
    };
    remove(last.descriptions, first.ids, last, first);
    remove(first.descriptions, last.ids, first, last);
    remove(first.descriptions, last.descriptions, first, last);
    const auto lost = std::find_if(first.ids.begin(), first.ids.end(),
                                   [&](const auto& item) { return conflicts(last.ids, item); });
    if (lost == first.ids.end()) return;
    say_(lost->first, "identifies " + first.type + " and " + last.type +
                          " by different values; the former is left out");
    first = Entity();
  }

  const SayMistake& say_;
  std::vector<Entity> entities_;
};

}  // namespace

std::vector<Entity> parse_entities(std::string_view text, const SayMistake& say) {
  int said = 0;
  const SayMistake say_some = [&](std::string_view part, std::string_view what) {
    if (said < kMistakesSaidMax) say(part, what);
    ++said;
  };
  EntityParser parser(say_some);
  while (!text.empty()) {
    const std::size_t end = text.find(';');
    const std::string_view definition = trimmed(text.substr(0, end));
    if (!definition.empty()) parser.add(definition);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parser.finish();
}

}  // namespace kolben::agent
