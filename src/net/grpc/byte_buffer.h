// Between Bytes and grpc::ByteBuffer, without copying where grpc++ allows it. Only for the .cc
// files of this folder: brings in grpc++.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "base/bytes.h"
#include "wire/compression.h"

namespace kolben::net::grpc {

// Keeps `bytes` alive until grpc++ has sent them. With kGzip or kDeflate the bytes are marked as
// compressed already: grpc++ sends them as they are.
::grpc::ByteBuffer to_byte_buffer(Bytes bytes, wire::Compression compression);

// One view over the message: of grpc++'s own memory where it is in one piece, else joined once.
Bytes to_bytes(const ::grpc::ByteBuffer& buffer);

// What grpc++ says of the message or, where it does not know the encoding (zstd), what the first
// bytes say: no protobuf message that we take begins like that.
wire::Compression compression_of(::grpc::ByteBuffer& buffer, std::string_view message);

}  // namespace kolben::net::grpc
