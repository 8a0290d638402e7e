// Helpers of this folder's tests: golden requests, and short ways between bytes and batches.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "otlp/check.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/json.h"
#include "wire/protobuf_writer.h"

namespace kolben::otlp {

// tests/data/otlp/NAME, made by another protobuf library; see generate.py there.
inline std::string golden(Signal signal, const char* suffix) {
  const std::string path =
      std::string(KOLBEN_TEST_DATA "/otlp/") + std::string(to_string(signal)) + suffix;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Batch wire_batch(Signal signal, const std::vector<std::string>& messages) {
  std::vector<WirePiece> pieces;
  std::uint64_t items = 0;
  for (const std::string& message : messages) {
    items += check(signal, message).value_or(0);
    pieces.push_back({Bytes::from_string(message), {}, wire::Compression::kNone});
  }
  return Batch::from_wire(signal, std::move(pieces), items);
}

inline std::string encoded(const Batch& batch) {
  std::string out;
  encode(batch, out);
  return out;
}

inline std::string to_json(const Batch& batch) {
  std::string out;
  encode_json(batch, out);
  return out;
}

template <typename Write>
std::string protobuf(Write write) {
  std::string out;
  {
    wire::ProtobufWriter writer(out);
    write(writer);
  }
  return out;
}

// A message with one bytes field.
inline std::string nested(std::uint32_t number, std::string_view content) {
  return protobuf([&](wire::ProtobufWriter& out) { out.bytes(number, content); });
}

// A request with one span of these fields.
inline std::string request_of_span(std::string_view span) {
  return nested(1, nested(2, nested(2, span)));
}

}  // namespace kolben::otlp
