#include "storage/engine/part/operations.h"

#include <map>
#include <tuple>

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/part_writer.h"

namespace kolben::storage::part {

void OperationTable::add(std::uint32_t resource, std::string_view name, SpanKind kind,
                         bool is_error) {
  key_.clear();
  put_fixed(key_, resource);
  put_fixed(key_, kind);
  key_.append(name);
  Count& count = counts_[key_];
  ++count.spans;
  if (is_error) ++count.errors;
}

std::string OperationTable::encode(const PartWriter& part) const {
  // Several resources are one service.
  std::map<std::tuple<std::string_view, std::string_view, std::uint32_t>, Count> sums;
  for (const auto& [key, count] : counts_) {
    Cursor in(key);
    const auto resource = in.fixed<std::uint32_t>();
    const auto kind = in.fixed<std::uint32_t>();
    Count& sum = sums[{part.service(resource), in.bytes(in.left()), kind}];
    sum.spans += count.spans;
    sum.errors += count.errors;
  }
  std::string text;
  put_varint(text, sums.size());
  for (const auto& [key, count] : sums) {
    put_text(text, std::get<0>(key));
    put_text(text, std::get<1>(key));
    put_varint(text, std::get<2>(key));
    put_varint(text, count.spans);
    put_varint(text, count.errors);
  }
  return pack_envelope(text);
}

Result<std::vector<OperationCount>> decode_operations(std::string_view envelope) {
  KOLBEN_TRY(const std::string text, open_envelope(envelope));
  Cursor in(text);
  constexpr std::size_t kEntryBytesMin = 5;
  std::vector<OperationCount> operations(in.count(kEntryBytesMin));
  for (OperationCount& operation : operations) {
    operation.service = in.text();
    operation.name = in.text();
    operation.kind = static_cast<SpanKind>(static_cast<std::int32_t>(in.varint()));
    operation.spans = in.varint();
    operation.errors = in.varint();
  }
  if (!in.is_done()) return data_loss("the table of operations is malformed");
  return operations;
}

}  // namespace kolben::storage::part
