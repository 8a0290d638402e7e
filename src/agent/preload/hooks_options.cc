// What getopt() and its kin say of wrong options on stderr ("invalid option -- 'x'"): the C library
// writes it by internal calls. What it was is found from what the call leaves behind, by the rules
// of its manual; the words are the C library's, in the program's language.
#include <getopt.h>
#include <libintl.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>

#include "agent/preload/c_library.h"
#include "agent/preload/complaint.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::CLibrary;
using kolben::agent::Complaint;
using kolben::agent::Real;
using kolben::agent::real;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// A table of more is looked at so far.
constexpr int kLongOptionsMax = 4096;

// What a program may be called with.
struct Options {
  char* const* arguments;
  const char* letters;
  const option* longs;  // null: none
  bool long_by_one_dash;
};

// A word of the program's that stands for a long option, and which of them.
struct LongOption {
  const char* dashes = nullptr;  // null: it is no such word
  const char* name = nullptr;
  std::size_t size = 0;
  bool has_value = false;
  const option* found = nullptr;  // null: none, or several
  bool is_ambiguous = false;
};

// What may stand before the letters says how they are looked for.
const char* letters_of(const Options& options) {
  const char* letters = options.letters;
  return *letters == '-' || *letters == '+' ? letters + 1 : letters;
}

// Whether the word may be a long option behind one dash: "-f" is not, where there is such a letter.
bool may_be_long(const Options& options, const char* word) {
  if (!options.long_by_one_dash || word[0] != '-' || word[1] == '\0') return false;
  return word[2] != '\0' || strchr(letters_of(options), word[1]) == nullptr;
}

LongOption read_long(const Options& options, const char* word) {
  LongOption result;
  const bool has_two = strncmp(word, "--", 2) == 0;
  if (options.longs == nullptr || (!has_two && !may_be_long(options, word))) return result;
  result.dashes = has_two ? "--" : "-";
  result.name = word + (has_two ? 2 : 1);
  result.size = strcspn(result.name, "=");
  result.has_value = result.name[result.size] == '=';
  for (int i = 0; i < kLongOptionsMax && options.longs[i].name != nullptr; ++i) {
    const option& one = options.longs[i];
    if (strncmp(one.name, result.name, result.size) != 0) continue;
    if (strlen(one.name) == result.size) {
      result.is_ambiguous = false;
      result.found = &one;
      return result;
    }
    const option* first = result.found;
    if (first == nullptr) {
      result.found = &one;
    } else if (options.long_by_one_dash || first->has_arg != one.has_arg ||
               first->flag != one.flag || first->val != one.val) {
      result.is_ambiguous = true;
    }
  }
  if (result.is_ambiguous) result.found = nullptr;
  return result;
}

// `text` as the C library has it, with the program's name for its first %s.
__attribute__((format(printf, 2, 3))) void add(Complaint& complaint, const char* text, ...) {
  va_list list;
  va_start(list, text);
  complaint.formatted(dcgettext("libc", text, LC_MESSAGES), list);
  va_end(list);
}

void add_possibilities(Complaint& complaint, const Options& options, const LongOption& word) {
  add(complaint, "%s: option '%s%s' is ambiguous; possibilities:", options.arguments[0],
      word.dashes, word.name);
  for (int i = 0; i < kLongOptionsMax && options.longs[i].name != nullptr; ++i) {
    const char* name = options.longs[i].name;
    if (strncmp(name, word.name, word.size) != 0) continue;
    complaint.text(" '").text(word.dashes).text(name).text("'");
  }
  complaint.text("\n");
}

// False: it is none of a long option.
bool complain_of_long(Complaint& complaint, const Options& options, int letter) {
  const LongOption word = read_long(options, options.arguments[optind - 1]);
  if (word.dashes == nullptr || letter != (word.found == nullptr ? 0 : word.found->val)) {
    return false;
  }
  const char* program = options.arguments[0];
  if (word.is_ambiguous) {
    add_possibilities(complaint, options, word);
  } else if (word.found == nullptr) {
    add(complaint, "%s: unrecognized option '%s%s'\n", program, word.dashes, word.name);
  } else if (word.has_value) {
    add(complaint, "%s: option '%s%s' doesn't allow an argument\n", program, word.dashes,
        word.found->name);
  } else {
    add(complaint, "%s: option '%s%s' requires an argument\n", program, word.dashes,
        word.found->name);
  }
  return true;
}

void complain(const Options& options, bool has_advanced, int letter) {
  Complaint complaint;
  if (!complaint.is_wanted() || options.arguments[0] == nullptr) return;
  if (!CLibrary().has(Real::k_getopt)) return;  // another one, which says it by calls that we see
  if (has_advanced && complain_of_long(complaint, options, letter)) return;
  const char* at = letter == 0 ? nullptr : strchr(letters_of(options), letter);
  if (at == nullptr || letter == ':' || letter == ';') {
    add(complaint, "%s: invalid option -- '%c'\n", options.arguments[0], letter);
  } else {
    add(complaint, "%s: option requires an argument -- '%c'\n", options.arguments[0], letter);
  }
}

// Without a word where the letters begin with a colon.
bool is_silent(const Options& options) {
  return opterr == 0 || *letters_of(options) == ':';
}

// '?' may be an option of the program's as well: which of both it is, is not known then.
bool has_question_mark(const Options& options) {
  if (strchr(options.letters, '?') != nullptr) return true;
  for (int i = 0; options.longs != nullptr && i < kLongOptionsMax; ++i) {
    if (options.longs[i].name == nullptr) return false;
    if (options.longs[i].val == '?') return true;
  }
  return false;
}

template <typename Call>
int traced(const Options& options, Call real_call) {
  if (!agent_instance.active() || !agent_instance.outputs.may_have(stderr)) return real_call();
  const int begun = optind == 0 ? 1 : optind;
  const int result = real_call();
  const bool is_wrong = result == '?' && !is_silent(options) && !has_question_mark(options);
  if (!is_wrong) return result;
  complain(options, optind != begun, optopt);
  return result;
}

}  // namespace

extern "C" {

KOLBEN_EXPORT int getopt(int count, char* const* arguments, const char* letters) noexcept {
  return traced({arguments, letters, nullptr, false},
                [&] { return KOLBEN_REAL(getopt)(count, arguments, letters); });
}

#define KOLBEN_GETOPT_LONG(name, by_one_dash)                                                  \
  KOLBEN_EXPORT int name(int count, char* const* arguments, const char* letters,               \
                         const option* longs, int* index) noexcept {                           \
    return traced({arguments, letters, longs, by_one_dash},                                    \
                  [&] { return KOLBEN_REAL(name)(count, arguments, letters, longs, index); }); \
  }
KOLBEN_GETOPT_LONG(getopt_long, false)
KOLBEN_GETOPT_LONG(getopt_long_only, true)

}  // extern "C"
