// A client's bytes of HTTP/2, as the library follows them to write a header into requests: cut as
// they are and byte by byte the same blocks have to be found, and of the table the same has to be
// known as the decoder knows that has the texts. Then the header is written, and the kernel takes
// as much as it likes at a time: each byte of the program's goes once, and ours are whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "agent/preload/request_writer.h"
#include "agent/protocols/http2/hpack.h"
#include "agent/protocols/http2/request_tracker.h"

namespace {

using namespace kolben::agent;  // NOLINT
using http2::RequestBlock;
using http2::RequestTracker;

void check(bool holds) {
  if (!holds) std::abort();
}

std::vector<RequestBlock> blocks_of(const std::string& bytes, std::size_t most, bool* is_lost) {
  RequestTracker tracker;
  std::vector<RequestBlock> blocks;
  for (std::size_t at = 0; at < bytes.size() && !tracker.lost();) {
    RequestBlock block;
    std::size_t taken = 0;
    const std::size_t size = std::min(most, bytes.size() - at);
    const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at;
    if (tracker.next(from, size, &taken, &block)) blocks.push_back(block);
    check(taken != 0 && taken <= size);
    at += taken;
  }
  *is_lost = tracker.lost();
  return blocks;
}

bool same(const RequestBlock& a, const RequestBlock& b) {
  return a.begin == b.begin && a.last_frame == b.last_frame && a.frame_length == b.frame_length &&
         a.fragment == b.fragment && a.end == b.end && a.list_bytes == b.list_bytes &&
         a.stream == b.stream && a.fields == b.fields;
}

// One block after another: what the decoder takes the scanner takes, unless its table is larger.
void check_table(const std::string& bytes) {
  http2::HpackDecoder decoder;
  http2::HeaderScanner scanner;
  for (std::size_t at = 0; at + 1 < bytes.size();) {
    const std::size_t size =
        std::min<std::size_t>(static_cast<std::uint8_t>(bytes[at]), bytes.size() - at - 1);
    const std::string block = bytes.substr(at + 1, size);
    at += 1 + size;
    std::vector<http2::Field> fields;
    const bool is_decoded = decoder.decode(block, fields);
    scanner.begin_block();
    const bool is_scanned =
        scanner.take(reinterpret_cast<const std::uint8_t*>(block.data()), block.size()) &&
        scanner.end_block();
    check(is_decoded == is_scanned);
    if (!is_decoded) return;
    check(decoder.table_bytes() == scanner.table_bytes());
    check(decoder.table_fields() == scanner.table_fields());
  }
}

// `sizes` say how much the kernel takes.
void check_edits(const std::string& program, const std::vector<RequestBlock>& blocks,
                 const std::string& sizes) {
  const std::string ours = "0123456789";
  std::vector<RequestEdit> edits;
  std::string wanted;
  std::size_t from = 0;
  std::vector<std::string> texts;  // what the edits stand for
  for (const RequestBlock& block : blocks) {
    if (block.fragment == 0 || edits.size() + 2 > kRequestEditsMax) continue;
    texts.push_back("LEN");
    texts.push_back(program[block.end - 1] + ours);
    wanted += program.substr(from, block.last_frame - from) + "LEN";
    from = block.last_frame + 3;
    wanted += program.substr(from, block.end - 1 - from) + texts.back();
    from = block.end;
    edits.push_back({block.last_frame, 3, 0, 3, nullptr, true});
    edits.push_back(
        {block.end - 1, 1, 0, static_cast<std::uint16_t>(1 + ours.size()), nullptr, false});
  }
  wanted += program.substr(from);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    edits[i].bytes = reinterpret_cast<const std::uint8_t*>(texts[i].data());
  }
  std::vector<iovec> pieces;
  for (std::size_t at = 0; at < program.size();) {
    const std::size_t size = std::min<std::size_t>(7 + at % 5, program.size() - at);
    pieces.push_back({const_cast<char*>(program.data()) + at, size});
    at += size;
  }
  std::vector<iovec> spliced(pieces.size() + 2 * edits.size() + 1);
  const int count = splice_edits(pieces.data(), static_cast<int>(pieces.size()), edits.data(),
                                 static_cast<std::uint32_t>(edits.size()), 0, spliced.data());
  std::string wire;
  for (int i = 0; i < count; ++i) {
    wire.append(static_cast<char*>(spliced[static_cast<std::size_t>(i)].iov_base),
                spliced[static_cast<std::size_t>(i)].iov_len);
  }
  check(wire == wanted);
  for (const char size : sizes) {
    const std::size_t written = static_cast<std::uint8_t>(size) * wire.size() / 255;
    const EditedWrite sent =
        take_edited(edits.data(), static_cast<std::uint32_t>(edits.size()), 0, written);
    check(sent.taken <= program.size() && (written != wire.size() || sent.taken == program.size()));
    check(sent.edits_done <= edits.size() && (sent.taken != 0 || written == 0));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    check_table(bytes);
    return 0;
  }
  const std::string program = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes;
  bool is_lost = false;
  bool is_lost_by_bytes = false;
  const auto blocks = blocks_of(program, ~std::size_t{0}, &is_lost);
  const auto by_bytes = blocks_of(program, 1, &is_lost_by_bytes);
  check(is_lost == is_lost_by_bytes && blocks.size() == by_bytes.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) check(same(blocks[i], by_bytes[i]));
  if (!is_lost) check_edits(program, blocks, bytes.substr(0, 8));
  return 0;
}
