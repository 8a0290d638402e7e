// Headers that are lists, `tracestate` and `baggage`: their members, and lists that are made of
// those of others within a bound.
//
// Pure functions over bytes, freestanding. Values are strangers'.
// Sources: https://www.w3.org/TR/trace-context-2 (3.3), https://www.w3.org/TR/baggage (3.2).
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

struct ListText {
  const char* bytes = nullptr;
  std::size_t size = 0;
};

// Of what is left of a list: the next member that is not empty, without the blanks around it.
// False: there is none.
bool next_member(ListText* list, ListText* member);
// "user" of "user = 1;secret", and the "1"; of one without "=" all of it, and nothing.
ListText key_of_member(ListText member);
ListText value_of_member(ListText member);
// The last member with this key of a list of baggage; false: there is none.
bool find_member(ListText list, ListText key, ListText* member);

// A value of baggage as it was before it was encoded; its size, of which as much is written as
// there is room for.
std::size_t decode_member_value(ListText value, char* to, std::size_t room);

// "key=value" as a member of baggage, encoded; its size, 0: the key is no token, or there is no
// room.
std::size_t encode_member(ListText key, ListText value, char* to, std::size_t room);

// Writes a list from members of others, whole ones: those that find no room are left out.
class ListWriter {
 public:
  // Entries of `tracestate` may be left out where they are longer than this (3.3.1.5), before
  // others.
  static constexpr std::size_t kLongMemberBytes = 128;

  ListWriter(char* to, std::size_t room, std::uint32_t members_max)
      : to_(to), room_(room), members_max_(members_max) {}

  // The list begins with a member of so many bytes that stands there already.
  void begin_with(std::size_t size) {
    size_ = size;
    member_count_ = 1;
  }
  // Its members, but those whose key is settled. Once one finds no room nothing further is added,
  // so that members are left out from the end on. Each costs a look through what is settled: of
  // twice as many as there is room for no further ones are looked at.
  void add(ListText list);
  // The keys of what was added are not added again.
  void settle_keys() { settled_size_ = size_; }
  // Leaves out long members, and takes what was added away.
  void begin_without_long() {
    *this = ListWriter(to_, room_, members_max_);
    leaves_out_long_ = true;
  }

  std::size_t size() const { return size_; }
  bool is_cut() const { return is_cut_; }

 private:
  char* to_;
  std::size_t room_;
  std::uint32_t members_max_;
  std::uint32_t member_count_ = 0;
  std::uint32_t looked_at_count_ = 0;
  std::size_t size_ = 0;
  std::size_t settled_size_ = 0;
  bool is_cut_ = false;
  bool leaves_out_long_ = false;
};

// Of a list whose end is missing, what is surely whole.
ListText whole_members(ListText list);

}  // namespace kolben::agent
