// What the encoders of all signals share: each writes the fields of one message, in the order of
// their numbers, which is what libprotobuf does as well. Internal to this folder.
#pragma once

#include "model/batch.h"
#include "wire/protobuf_writer.h"

namespace kolben::otlp {

using wire::ProtobufWriter;

// Guesses at how many bytes a length takes; see ProtobufWriter::begin_message().
inline constexpr std::uint32_t kItemLengthBytes = 2;       // a span, a data point, a record
inline constexpr std::uint32_t kContainerLengthBytes = 3;  // all of a scope or resource

void encode_request(const DecodedTraces& traces, ProtobufWriter& out);
void encode_request(const DecodedMetrics& metrics, ProtobufWriter& out);
void encode_request(const DecodedLogs& logs, ProtobufWriter& out);

void encode_value(const Value& value, ProtobufWriter& out);
void encode_attributes(std::uint32_t number, const Attributes& attributes, ProtobufWriter& out);
// The fields of a message whose begin and end are the caller's.
void encode_fields(const KeyValue& attribute, ProtobufWriter& out);
void encode_fields(const Resource& resource, ProtobufWriter& out);
void encode_fields(const Scope& scope, ProtobufWriter& out);
// These two write nothing where there is nothing to say.
void encode_resource(std::uint32_t number, const Resource& resource, ProtobufWriter& out);
void encode_scope(std::uint32_t number, const Scope& scope, ProtobufWriter& out);

template <std::size_t N>
void encode_id(std::uint32_t number, const Id<N>& id, ProtobufWriter& out) {
  if (!id.is_zero()) out.bytes(number, id.as_bytes());
}

}  // namespace kolben::otlp
