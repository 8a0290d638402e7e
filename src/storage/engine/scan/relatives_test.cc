#include "storage/engine/scan/relatives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

SpanId id(std::uint64_t number) {
  SpanId id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  return id;
}

// A root (1) that called 2 and 3; 2 called 4; 5 names a parent that is not there.
std::vector<Kin> family(std::uint64_t matching) {
  std::vector<Kin> spans = {
      {id(1), id(0)}, {id(2), id(1)}, {id(3), id(1)}, {id(4), id(2)}, {id(5), id(9)}};
  for (Kin& span : spans) span.matches = span.id == id(matching);
  return spans;
}

using Answers = std::vector<std::uint8_t>;

TEST(Relatives, OfAFamily) {
  EXPECT_EQ(have_relatives(Relation::kParent, family(1)), (Answers{0, 1, 1, 0, 0}));
  EXPECT_EQ(have_relatives(Relation::kAncestor, family(1)), (Answers{0, 1, 1, 1, 0}));
  EXPECT_EQ(have_relatives(Relation::kChild, family(2)), (Answers{1, 0, 0, 0, 0}));
  EXPECT_EQ(have_relatives(Relation::kDescendant, family(4)), (Answers{1, 1, 0, 0, 0}));
  EXPECT_EQ(have_relatives(Relation::kSibling, family(2)), (Answers{0, 0, 1, 0, 0}));
}

TEST(Relatives, AMissingParentEndsItsBranchOnly) {
  EXPECT_EQ(have_relatives(Relation::kAncestor, family(5)), (Answers{0, 0, 0, 0, 0}));
  EXPECT_EQ(have_relatives(Relation::kDescendant, family(5)), (Answers{0, 0, 0, 0, 0}));
}

TEST(Relatives, NobodyIsHisOwnParent) {
  const std::vector<Kin> alone = {{id(1), id(1), true}};
  for (const Relation relation : {Relation::kParent, Relation::kAncestor, Relation::kChild,
                                  Relation::kDescendant, Relation::kSibling}) {
    EXPECT_EQ(have_relatives(relation, alone), Answers{0});
  }
}

TEST(Relatives, InACircleEveryoneIsAnAncestorOfEveryone) {
  const std::vector<Kin> circle = {{id(1), id(2), true}, {id(2), id(1), false}};
  EXPECT_EQ(have_relatives(Relation::kAncestor, circle), (Answers{1, 1}));
  EXPECT_EQ(have_relatives(Relation::kParent, circle), (Answers{0, 1}));
}

// As the definition says, step by step.
Answers plainly(Relation relation, const std::vector<Kin>& spans) {
  const auto is_parent = [&spans](std::size_t parent, std::size_t child) {
    return parent != child && !spans[child].parent.is_zero() &&
           spans[parent].id == spans[child].parent;
  };
  const auto is_next = [&](std::size_t from, std::size_t to) {
    if (relation == Relation::kSibling) {
      return from != to && !spans[from].parent.is_zero() && spans[from].parent == spans[to].parent;
    }
    const bool is_up = relation == Relation::kParent || relation == Relation::kAncestor;
    return is_up ? is_parent(to, from) : is_parent(from, to);
  };
  const bool is_far = relation == Relation::kAncestor || relation == Relation::kDescendant;
  Answers answers;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::set<std::size_t> reached;
    std::vector<std::size_t> next = {i};
    while (!next.empty()) {
      const std::size_t from = next.back();
      next.pop_back();
      for (std::size_t to = 0; to < spans.size(); ++to) {
        if (is_next(from, to) && reached.insert(to).second && is_far) next.push_back(to);
      }
    }
    answers.push_back(std::any_of(reached.begin(), reached.end(),
                                  [&spans](std::size_t other) { return spans[other].matches; }));
  }
  return answers;
}

TEST(Relatives, AreThoseOfTheDefinitionWhateverTheIds) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed);
    std::vector<Kin> spans(1 + random.below(12));
    for (Kin& span : spans) {
      span = {id(random.below(6)), id(random.below(7)), random.below(3) == 0};
    }
    for (const Relation relation : {Relation::kParent, Relation::kAncestor, Relation::kChild,
                                    Relation::kDescendant, Relation::kSibling}) {
      ASSERT_EQ(have_relatives(relation, spans), plainly(relation, spans))
          << "seed " << seed << ", relation " << static_cast<int>(relation);
    }
  }
}

}  // namespace
}  // namespace kolben::storage::scan
