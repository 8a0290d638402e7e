#include "model/attributes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "model/resource.h"

namespace kolben {
namespace {

TEST(List, GrowsAndKeepsItsElements) {
  Arena arena;
  List<int> list;
  for (int i = 0; i < 1000; ++i) list.push_back(arena, i);
  ASSERT_EQ(list.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(list[static_cast<std::size_t>(i)], i);
  list.erase(0);
  EXPECT_EQ(list[0], 1);
  list.truncate(2);
  EXPECT_EQ(list.size(), 2u);
}

TEST(List, ReservedRoomIsNotMovedFrom) {
  Arena arena;
  List<int> list;
  list.reserve(arena, 10);
  const int* first = &list.add(arena);
  for (int i = 0; i < 9; ++i) list.add(arena);
  EXPECT_EQ(&list[0], first);
}

TEST(Attributes, SetReplacesOrAppends) {
  Arena arena;
  Attributes attributes;
  set(attributes, arena, "a", Value::integer(1));
  set(attributes, arena, "b", Value::boolean(true));
  set(attributes, arena, "a", Value::string("x"));
  ASSERT_EQ(attributes.size(), 2u);
  EXPECT_EQ(find(attributes, "a")->as_string(), "x");
  EXPECT_EQ(find(attributes, "c"), nullptr);
}

TEST(Attributes, CloneOutlivesItsSource) {
  Arena arena;
  Attributes copy;
  {
    Arena source;
    List<Value> array;
    array.push_back(source, Value::real(std::nan("")));
    array.push_back(source, Value());
    List<KeyValue> kvlist;
    kvlist.push_back(source, {source.copy("inner"), Value::array(array)});
    Attributes attributes;
    set(attributes, source, source.copy("outer"), Value::kvlist(kvlist));
    set(attributes, source, source.copy("bytes"), Value::bytes(source.copy("\x01")));
    copy = clone(attributes, arena);
    EXPECT_EQ(copy, attributes);
  }
  EXPECT_EQ(find(copy, "outer")->as_kvlist()[0].key, "inner");
  EXPECT_EQ(find(copy, "bytes")->as_bytes(), "\x01");
}

TEST(Values, DifferentTypesAreNeverEqual) {
  EXPECT_FALSE(Value::string("a") == Value::bytes("a"));
  EXPECT_FALSE(Value::integer(1) == Value::real(1));
  EXPECT_FALSE(Value() == Value::boolean(false));
  EXPECT_FALSE(Value::integer(1) == Value::integer(2));
}

TEST(Resource, ServiceNameIsAStringOrUnknown) {
  Arena arena;
  Resource resource;
  EXPECT_EQ(service_name(resource), "unknown_service");
  set(resource.attributes, arena, "service.name", Value::integer(1));
  EXPECT_EQ(service_name(resource), "unknown_service");
  set(resource.attributes, arena, "service.name", Value::string("todo"));
  EXPECT_EQ(service_name(resource), "todo");
}

}  // namespace
}  // namespace kolben
