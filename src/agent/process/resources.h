// Resources: whose telemetry it is, by process. All programs have the Resource of the launched one,
// but those whose environment has an OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES of its own: for
// them it is what the settings would say with these in the place of the launched program's.
//
// One thread. Bounds: kResourcesMax; what comes beyond has the launched program's, is counted, and
// said when it comes first. What has a resource once keeps it: numbers are not given anew.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

class Resources {
 public:
  // More services than somebody starts by one command. Each has its own sums of metrics.
  static constexpr std::uint32_t kResourcesMax = 64;
  // Spellings of them, each read once.
  static constexpr std::size_t kTextsMax = 256;
  // With a resource of their own, at a time.
  static constexpr std::size_t kProcessesMax = 16 * 1024;
  // Of one that is gone there may still be requests that its children answer (LeftExchanges).
  static constexpr std::size_t kGoneMax = 4096;
  // Different mistakes; of more of them nothing is said.
  static constexpr std::size_t kSaidMax = 64;

  // The settings outlive it.
  explicit Resources(const Settings& settings);

  // A program has begun in this process, and its environment said so. A fork's child says what its
  // parent said.
  void began(std::uint32_t pid, std::string_view service_name, std::string_view attributes);
  void gone(std::uint32_t pid);

  // The number of the process's resource; 0 is the launched program's.
  std::uint32_t of(std::uint32_t pid) const {
    if (by_process_.empty()) return 0;
    const auto found = by_process_.find(pid);
    return found == by_process_.end() ? 0 : found->second.number;
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }
  // The texts stay its own.
  void fill(std::uint32_t number, Resource& resource, Arena& arena) const;

  // What is wrong with values that came since the last call, each once, with the program.
  std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }
  // Programs that are told of as the launched one, for lack of room or for a mistake.
  std::uint64_t refused() const { return refused_; }

 private:
  // What the variables, or the file, come to; without what detectors find.
  struct Said {
    NamedTexts texts;
    std::vector<std::pair<std::string, ResourceValue>> values;
    bool operator==(const Said&) const = default;
  };
  struct Entry {
    Said said;
    Attributes attributes;         // the arena's
    std::vector<Entity> entities;  // of which batches have views
  };
  struct Process {
    std::uint32_t number = 0;
    bool is_gone = false;
  };

  bool is_launched_ones(std::string_view variable, std::string_view text, std::size_t max) const;
  std::uint32_t number_of(std::uint32_t pid, std::string_view service_name,
                          std::string_view attributes);
  std::uint32_t make(std::uint32_t pid, std::string_view service_name, std::string_view attributes);
  // Once, whichever program it is.
  void warn_once(std::uint32_t pid, std::string_view service, const std::string& text);
  void say(std::uint32_t pid, std::string_view service, std::string_view text);

  const Settings& settings_;
  Arena arena_;  // of the entries' lists
  std::vector<Entry> entries_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> by_texts_;
  std::unordered_map<std::uint32_t, Process> by_process_;  // without those of number 0
  std::deque<std::uint32_t> gone_;
  std::vector<std::string> warnings_;
  std::set<std::string> said_;  // of warn_once()
  bool has_said_room_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace kolben::agent
