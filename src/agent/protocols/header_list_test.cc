#include "agent/protocols/header_list.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent {
namespace {

constexpr std::uint32_t kMembersMax = 8;

ListText list_of(std::string_view text) {
  return {text.data(), text.size()};
}

std::string text_of(ListText text) {
  return {text.bytes, text.size};
}

TEST(HeaderList, MembersStandBetweenCommas) {
  const auto f = [](std::string_view text, const std::vector<std::string>& want) {
    ListText list = list_of(text);
    ListText member;
    std::vector<std::string> members;
    while (next_member(&list, &member)) members.push_back(text_of(member));
    EXPECT_EQ(members, want) << text;
  };
  f("", {});
  f(" , ,", {});
  f("a=1", {"a=1"});
  f(" a=1 ,\tb = 2;x ,", {"a=1", "b = 2;x"});
}

TEST(HeaderList, AMemberHasAKeyAndAValue) {
  const auto f = [](std::string_view member, const std::string& key, const std::string& value) {
    EXPECT_EQ(text_of(key_of_member(list_of(member))), key) << member;
    EXPECT_EQ(text_of(value_of_member(list_of(member))), value) << member;
  };
  f("a=1", "a", "1");
  f("a = 1 ; secret=2", "a", "1");
  f("a=b=c", "a", "b=c");
  f("a", "a", "");
  f("a;b=1", "a", "");
  f("=1", "", "1");
}

TEST(HeaderList, TheLastOfSeveralMembersIsFound) {
  ListText member;
  EXPECT_TRUE(find_member(list_of("a=1,ab=2,a=3"), list_of("a"), &member));
  EXPECT_EQ(text_of(member), "a=3");
  EXPECT_FALSE(find_member(list_of("a=1,=2"), list_of("b"), &member));
  EXPECT_FALSE(find_member(list_of("a=1,=2"), list_of(""), &member));
}

TEST(HeaderList, ValuesAreEncoded) {
  const auto f = [](std::string_view value, const std::string& encoded) {
    char to[64];
    const std::size_t size = encode_member(list_of("k"), list_of(value), to, sizeof(to));
    EXPECT_EQ(std::string(to, size), "k=" + encoded);
    char back[64];
    const std::size_t back_size = decode_member_value(list_of(encoded), back, sizeof(back));
    EXPECT_EQ(std::string(back, back_size), value);
  };
  f("", "");
  f("a/b=c:d", "a/b=c:d");
  f("50% \"a,b;c\\\"\n\xc3\xa9", "50%25%20%22a%2Cb%3Bc%5C%22%0A%C3%A9");

  char to[8];
  EXPECT_EQ(encode_member(list_of("key"), list_of("1234"), to, sizeof(to)), 8u);
  EXPECT_EQ(encode_member(list_of("key"), list_of("12345"), to, sizeof(to)), 0u);
  EXPECT_EQ(encode_member(list_of("key"), list_of("12 "), to, sizeof(to)), 0u);
  for (const char* key : {"", "a b", "a,b", "a=b", "a;b"}) {
    EXPECT_EQ(encode_member(list_of(key), list_of(""), to, sizeof(to)), 0u) << key;
  }
  // What is no encoding stays.
  EXPECT_EQ(decode_member_value(list_of("%4%zz%4"), to, sizeof(to)), 7u);
  EXPECT_EQ(std::string(to, 7), "%4%zz%4");
  EXPECT_EQ(decode_member_value(list_of("123456789"), to, sizeof(to)), 9u) << "what it needs";
}

TEST(HeaderList, AListIsMadeOfWholeMembers) {
  char to[16];
  ListWriter writer(to, sizeof(to), kMembersMax);
  writer.add(list_of(" a=1 , bc=23"));
  EXPECT_EQ(std::string(to, writer.size()), "a=1,bc=23");
  writer.settle_keys();
  writer.add(list_of("a=2,bcd=34"));  // "a" is there
  EXPECT_EQ(std::string(to, writer.size()), "a=1,bc=23,bcd=34");
  EXPECT_FALSE(writer.is_cut());
  writer.add(list_of("a=5"));
  EXPECT_FALSE(writer.is_cut()) << "nothing was to be added";
  writer.add(list_of("e=1"));
  EXPECT_TRUE(writer.is_cut());
  EXPECT_EQ(std::string(to, writer.size()), "a=1,bc=23,bcd=34");
}

TEST(HeaderList, WhatFindsNoRoomIsLeftOutFromTheEnd) {
  for (std::size_t room = 0; room <= 12; ++room) {
    std::string to(room, '?');
    ListWriter writer(to.data(), room, kMembersMax);
    writer.add(list_of("aa=1,bb=2,c"));
    const std::string want = room < 4    ? ""
                             : room < 9  ? "aa=1"
                             : room < 11 ? "aa=1,bb=2"
                                         : "aa=1,bb=2,c";
    EXPECT_EQ(to.substr(0, writer.size()), want) << room;
    EXPECT_EQ(writer.is_cut(), room < 11) << room;
  }
}

TEST(HeaderList, AListHasSoManyMembers) {
  char to[64];
  ListWriter writer(to, sizeof(to), 3);
  writer.add(list_of("a=1,b=2"));
  writer.settle_keys();
  writer.add(list_of("b=3,c=4,b=5"));
  EXPECT_FALSE(writer.is_cut());
  writer.add(list_of("d=6"));
  EXPECT_TRUE(writer.is_cut());
  EXPECT_EQ(std::string(to, writer.size()), "a=1,b=2,c=4");
}

// Each would be compared with all that is settled.
TEST(HeaderList, OfAStrangersListNotEveryMemberIsLookedAt) {
  char to[64];
  ListWriter writer(to, sizeof(to), 3);
  writer.add(list_of("a=1"));
  writer.settle_keys();
  writer.add(list_of("a,a,a,a,a"));
  EXPECT_FALSE(writer.is_cut());
  writer.add(list_of("b=2"));
  EXPECT_TRUE(writer.is_cut());
  EXPECT_EQ(std::string(to, writer.size()), "a=1");
}

TEST(HeaderList, AListMayBeginWithWhatStandsThere) {
  char to[16] = {'a', '=', '1'};
  ListWriter writer(to, sizeof(to), 2);
  writer.begin_with(3);
  writer.settle_keys();
  writer.add(list_of("a=2,b=3,c=4"));
  EXPECT_EQ(std::string(to, writer.size()), "a=1,b=3");
  EXPECT_TRUE(writer.is_cut());
}

TEST(HeaderList, LongEntriesAreLeftOutFirst) {
  char to[256];
  ListWriter writer(to, sizeof(to), kMembersMax);
  const std::string list = "a=1,b=" + std::string(ListWriter::kLongMemberBytes, 'x') +
                           ",c=" + std::string(ListWriter::kLongMemberBytes - 2, 'y') + ",d=4";
  writer.add(list_of(list));
  EXPECT_TRUE(writer.is_cut());
  writer.begin_without_long();
  writer.add(list_of(list));
  EXPECT_FALSE(writer.is_cut());
  EXPECT_EQ(std::string(to, writer.size()),
            "a=1,c=" + std::string(ListWriter::kLongMemberBytes - 2, 'y') + ",d=4");
}

// A peer may end a line there.
TEST(HeaderList, MembersThatNoHeaderMayHaveAreLeftOut) {
  char to[64];
  ListWriter writer(to, sizeof(to), kMembersMax);
  writer.add(list_of(std::string_view("a=1\rX: y,b=2,c=\0,d=\x7f,e=\t5", 25)));
  EXPECT_EQ(std::string(to, writer.size()), "b=2,e=\t5");
}

TEST(HeaderList, OfAListWithoutItsEndTheLastMemberIsNone) {
  EXPECT_EQ(text_of(whole_members(list_of("a=1,b=2,c"))), "a=1,b=2,");
  EXPECT_EQ(text_of(whole_members(list_of("a=1"))), "");
}

}  // namespace
}  // namespace kolben::agent
