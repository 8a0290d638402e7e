#include "agent/protocols/run_parser.h"

namespace kolben::agent {

bool RunParser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  while (!bytes.empty()) {
    if (!shows_next(direction)) return false;
    const std::size_t run = next_run(direction, bytes.size());
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (!take_run(direction, data, run, moment)) return false;
    bytes.remove_prefix(run);
  }
  return true;
}

bool RunParser::pass(Direction direction, std::uint64_t bytes, const Moment& moment) {
  while (bytes != 0) {
    if (shows_next(direction) && !is_hidden(direction)) return false;
    const std::size_t run = next_run(direction, bytes);
    if (!take_run(direction, nullptr, run, moment)) return false;
    bytes -= run;
  }
  return true;
}

}  // namespace kolben::agent
