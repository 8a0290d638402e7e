// The bytes of a stream, cut at a place of the fuzzer's choice: both halves of the cut and the
// whole must give the same message.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "agent/protocols/http1.h"

namespace {

using kolben::agent::http1::Message;

struct Outcome {
  Message message;
  std::uint8_t head[512] = {};
  std::size_t used = 0;
};

void run(Message::Kind kind, const std::uint8_t* bytes, std::size_t size, std::size_t cut,
         Outcome* outcome) {
  outcome->message.begin(kind, {outcome->head, sizeof(outcome->head), 0});
  outcome->used = outcome->message.feed(bytes, cut);
  if (outcome->used == cut) outcome->used += outcome->message.feed(bytes + cut, size - cut);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cut = bytes[0] % size;
  const auto kind = (bytes[0] & 1) != 0 ? Message::Kind::kRequest : Message::Kind::kResponse;
  ++bytes;
  --size;
  Outcome whole;
  Outcome parts;
  run(kind, bytes, size, size, &whole);
  run(kind, bytes, size, cut < size ? cut : size, &parts);
  const bool same = whole.used == parts.used && whole.message.status() == parts.message.status() &&
                    whole.message.complete() == parts.message.complete() &&
                    whole.message.body_bytes() == parts.message.body_bytes() &&
                    whole.message.head().size == parts.message.head().size;
  // A start line longer than what is kept of a cut line is judged by less, so it may pass. Empty
  // lines before it do not count.
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = begin + (begin < size && bytes[begin] == '\r' ? 1 : 0);
    if (end >= size || bytes[end] != '\n') break;
    begin = end + 1;
  }
  const std::size_t kept = size - begin < 128 ? size - begin : 128;
  if (!same && std::memchr(bytes + begin, '\n', kept) != nullptr) std::abort();
  return 0;
}
