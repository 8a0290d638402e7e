#include "storage/engine/scan/relatives.h"

#include <unordered_map>

namespace kolben::storage::scan {
namespace {

// Spans of one id, and those that name it as their parent.
struct Family {
  std::vector<std::uint32_t> members, children;
  std::uint64_t reached = 0;  // members (or children) found so far
};

class Families {
 public:
  explicit Families(std::span<const Kin> spans) : spans_(spans), answers_(spans.size(), 0) {
    for (std::uint32_t i = 0; i < spans.size(); ++i) {
      families_[spans[i].id].members.push_back(i);
      if (!spans[i].parent.is_zero()) families_[spans[i].parent].children.push_back(i);
    }
  }

  std::vector<std::uint8_t> parents() {
    count(&Kin::id);
    for (std::uint32_t i = 0; i < spans_.size(); ++i) {
      if (spans_[i].parent.is_zero()) continue;
      answers_[i] = reached_beside(i, spans_[i].id == spans_[i].parent) ? 1 : 0;
    }
    return std::move(answers_);
  }

  std::vector<std::uint8_t> children() {
    count(&Kin::parent);
    for (auto& [id, family] : families_) {
      for (const std::uint32_t i : family.members) {
        const bool is_own = spans_[i].parent == id && spans_[i].matches;
        answers_[i] = family.reached > (is_own ? 1 : 0) ? 1 : 0;
      }
    }
    return std::move(answers_);
  }

  std::vector<std::uint8_t> siblings() {
    count(&Kin::parent);
    for (std::uint32_t i = 0; i < spans_.size(); ++i) {
      if (!spans_[i].parent.is_zero()) answers_[i] = reached_beside(i, true) ? 1 : 0;
    }
    return std::move(answers_);
  }

  // Down from those that match: children of whoever matches or was reached.
  std::vector<std::uint8_t> ancestors() { return spread(&Kin::id, &Family::children); }
  // Up: whoever has a child that matches or was reached.
  std::vector<std::uint8_t> descendants() { return spread(&Kin::parent, &Family::members); }

 private:
  void count(SpanId Kin::* side) {
    for (const Kin& span : spans_) {
      if (span.matches && !(span.*side).is_zero()) ++families_[span.*side].reached;
    }
  }
  // Whether a match is in the family of the span's parent; itself does not count where it is one.
  bool reached_beside(std::uint32_t i, bool is_in_it) {
    const std::uint64_t own = is_in_it && spans_[i].matches ? 1 : 0;
    return families_[spans_[i].parent].reached > own;
  }

  // `side`: the family that a found span makes others find; `others`: who of it. A family is gone
  // through when its first span is found and again at the second, for spans that are in both roles:
  // nobody is his own relative by himself.
  std::vector<std::uint8_t> spread(SpanId Kin::* side,
                                   std::vector<std::uint32_t> Family::* others) {
    std::vector<std::uint8_t> is_found(spans_.size(), 0);
    std::vector<std::uint32_t> found;
    const auto find = [&](std::uint32_t i) {
      if (is_found[i] != 0) return;
      is_found[i] = 1;
      found.push_back(i);
    };
    for (std::uint32_t i = 0; i < spans_.size(); ++i) {
      if (spans_[i].matches) find(i);
    }
    for (std::size_t next = 0; next < found.size(); ++next) {
      const SpanId& id = spans_[found[next]].*side;
      if (id.is_zero() && side == &Kin::parent) continue;
      Family& family = families_[id];
      if (++family.reached > 2) continue;
      for (const std::uint32_t other : family.*others) {
        if (family.reached == 1 && other == found[next]) continue;
        answers_[other] = 1;
        find(other);
      }
    }
    return std::move(answers_);
  }

  const std::span<const Kin> spans_;
  std::unordered_map<SpanId, Family, IdHash> families_;
  std::vector<std::uint8_t> answers_;
};

}  // namespace

std::vector<std::uint8_t> have_relatives(Relation relation, std::span<const Kin> spans) {
  Families families(spans);
  switch (relation) {
    case Relation::kParent:
      return families.parents();
    case Relation::kAncestor:
      return families.ancestors();
    case Relation::kChild:
      return families.children();
    case Relation::kDescendant:
      return families.descendants();
    case Relation::kSibling:
      return families.siblings();
  }
  return {};
}

}  // namespace kolben::storage::scan
