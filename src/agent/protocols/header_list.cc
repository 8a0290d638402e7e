#include "agent/protocols/header_list.h"

#include <cstdint>
#include <cstring>

namespace kolben::agent {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_one_of(char c, const char* set) {
  return c != '\0' && std::strchr(set, c) != nullptr;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

ListText trimmed(ListText text) {
  while (text.size != 0 && is_blank(text.bytes[0])) {
    ++text.bytes;
    --text.size;
  }
  while (text.size != 0 && is_blank(text.bytes[text.size - 1])) --text.size;
  return text;
}

// Up to `separator`, or all.
ListText begin_of(ListText text, char separator) {
  const void* found = text.size == 0 ? nullptr : std::memchr(text.bytes, separator, text.size);
  if (found == nullptr) return text;
  return {text.bytes, static_cast<std::size_t>(static_cast<const char*>(found) - text.bytes)};
}

// RFC 9110, 5.5: a peer may take what such a byte is followed by for another header.
bool may_stand_in_header(ListText text) {
  for (std::size_t i = 0; i < text.size; ++i) {
    const auto c = static_cast<unsigned char>(text.bytes[i]);
    if ((c < ' ' && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool is_token(ListText text) {
  for (std::size_t i = 0; i < text.size; ++i) {
    const char c = text.bytes[i];
    if (!is_letter_or_digit(c) && !is_one_of(c, "!#$%&'*+-.^_`|~")) return false;
  }
  return text.size != 0;
}

// baggage-octet, but "%"
bool stands_for_itself(char c) {
  return c > ' ' && c <= '~' && !is_one_of(c, "\",;\\%");
}

}  // namespace

bool next_member(ListText* list, ListText* member) {
  while (list->size != 0) {
    const ListText piece = begin_of(*list, ',');
    const std::size_t taken = piece.size < list->size ? piece.size + 1 : piece.size;
    list->bytes += taken;
    list->size -= taken;
    *member = trimmed(piece);
    if (member->size != 0) return true;
  }
  return false;
}

ListText key_of_member(ListText member) {
  return trimmed(begin_of(begin_of(member, ';'), '='));
}

ListText value_of_member(ListText member) {
  const ListText pair = begin_of(member, ';');
  const std::size_t key_size = begin_of(pair, '=').size;
  if (key_size == pair.size) return {};
  return trimmed({pair.bytes + key_size + 1, pair.size - key_size - 1});
}

bool find_member(ListText list, ListText key, ListText* member) {
  bool is_found = false;
  ListText one;
  while (next_member(&list, &one)) {
    const ListText its_key = key_of_member(one);
    if (its_key.size != key.size || key.size == 0) continue;
    if (std::memcmp(its_key.bytes, key.bytes, key.size) != 0) continue;
    *member = one;
    is_found = true;
  }
  return is_found;
}

std::size_t decode_member_value(ListText value, char* to, std::size_t room) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < value.size; ++i) {
    char c = value.bytes[i];
    const int high = c == '%' && value.size - i > 2 ? hex_digit(value.bytes[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(value.bytes[i + 2]) : -1;
    if (low >= 0) {
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (size < room) to[size] = c;
    ++size;
  }
  return size;
}

std::size_t encode_member(ListText key, ListText value, char* to, std::size_t room) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  if (!is_token(key) || key.size >= room) return 0;
  std::memcpy(to, key.bytes, key.size);
  std::size_t size = key.size;
  to[size++] = '=';
  for (std::size_t i = 0; i < value.size; ++i) {
    const char c = value.bytes[i];
    const std::size_t needed = stands_for_itself(c) ? 1 : 3;
    if (needed > room - size) return 0;
    if (needed == 1) {
      to[size++] = c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    to[size++] = '%';
    to[size++] = kDigits[byte >> 4];
    to[size++] = kDigits[byte & 15];
  }
  return size;
}

void ListWriter::add(ListText list) {
  const ListText settled = {to_, settled_size_};
  ListText member;
  while (!is_cut_ && next_member(&list, &member)) {
    if (looked_at_count_ == 2 * members_max_) {
      is_cut_ = true;
      return;
    }
    ++looked_at_count_;
    ListText same;
    if (leaves_out_long_ && member.size > kLongMemberBytes) continue;
    if (!may_stand_in_header(member)) continue;
    if (settled.size != 0 && find_member(settled, key_of_member(member), &same)) continue;
    const std::size_t comma = size_ == 0 ? 0 : 1;
    const bool has_room = member_count_ < members_max_ && member.size <= room_ - size_ &&
                          room_ - size_ - member.size >= comma;
    if (!has_room) {
      is_cut_ = true;
      return;
    }
    if (comma != 0) to_[size_++] = ',';
    std::memcpy(to_ + size_, member.bytes, member.size);
    size_ += member.size;
    ++member_count_;
  }
}

ListText whole_members(ListText list) {
  while (list.size != 0 && list.bytes[list.size - 1] != ',') --list.size;
  return list;
}

}  // namespace kolben::agent
