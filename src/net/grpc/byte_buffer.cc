#include "net/grpc/byte_buffer.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

#include <cstring>
#include <memory>
#include <vector>

// grpc++ leaves this friend of ByteBuffer open: it is how the C core's buffer, which alone can be
// marked as compressed, gets in and out.
namespace grpc::internal {

class GrpcByteBufferPeer {
 public:
  static void set(ByteBuffer& buffer, grpc_byte_buffer* core) { buffer.set_buffer(core); }
  static const grpc_byte_buffer* get(ByteBuffer& buffer) { return buffer.c_buffer(); }
};

}  // namespace grpc::internal

namespace kolben::net::grpc {

namespace {

using Peer = ::grpc::internal::GrpcByteBufferPeer;

grpc_slice to_slice(Bytes bytes) {
  if (bytes.empty()) return grpc_empty_slice();
  auto* kept = new Bytes(std::move(bytes));
  return grpc_slice_new_with_user_data(
      const_cast<char*>(kept->data()), kept->size(),
      [](void* user_data) { delete static_cast<Bytes*>(user_data); }, kept);
}

grpc_compression_algorithm algorithm_of(wire::Compression compression) {
  switch (compression) {
    case wire::Compression::kGzip:
      return GRPC_COMPRESS_GZIP;
    case wire::Compression::kDeflate:
      return GRPC_COMPRESS_DEFLATE;
    default:
      return GRPC_COMPRESS_NONE;
  }
}

std::string_view view_of(const ::grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

Bytes join(const std::vector<::grpc::Slice>& slices, std::size_t size) {
  std::shared_ptr<char[]> joined = std::make_shared_for_overwrite<char[]>(size);
  std::size_t position = 0;
  for (const ::grpc::Slice& slice : slices) {
    std::memcpy(joined.get() + position, slice.begin(), slice.size());
    position += slice.size();
  }
  const std::string_view view(joined.get(), position);
  return {std::move(joined), view};
}

}  // namespace

::grpc::ByteBuffer to_byte_buffer(Bytes bytes, wire::Compression compression) {
  grpc_slice slice = to_slice(std::move(bytes));
  const grpc_compression_algorithm algorithm = algorithm_of(compression);
  ::grpc::ByteBuffer buffer;
  Peer::set(buffer, algorithm == GRPC_COMPRESS_NONE
                        ? grpc_raw_byte_buffer_create(&slice, 1)
                        : grpc_raw_compressed_byte_buffer_create(&slice, 1, algorithm));
  grpc_slice_unref(slice);
  return buffer;
}

Bytes to_bytes(const ::grpc::ByteBuffer& buffer) {
  if (!buffer.Valid() || buffer.Length() == 0) return {};
  std::vector<::grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  // A small slice may lie inside its own handle, so the view is taken of the handle's last place.
  if (slices.size() == 1) {
    auto owner = std::make_shared<const ::grpc::Slice>(slices.front());
    const std::string_view view = view_of(*owner);
    return {std::move(owner), view};
  }
  return join(slices, buffer.Length());
}

wire::Compression compression_of(::grpc::ByteBuffer& buffer, std::string_view message) {
  const grpc_byte_buffer* core = Peer::get(buffer);
  if (core != nullptr) {
    if (core->data.raw.compression == GRPC_COMPRESS_GZIP) return wire::Compression::kGzip;
    if (core->data.raw.compression == GRPC_COMPRESS_DEFLATE) return wire::Compression::kDeflate;
  }
  // RFC 1952 section 2.3.1, RFC 8878 section 3.1.1.
  if (message.starts_with("\x1f\x8b")) return wire::Compression::kGzip;
  if (message.starts_with("\x28\xb5\x2f\xfd")) return wire::Compression::kZstd;
  return wire::Compression::kNone;
}

}  // namespace kolben::net::grpc
