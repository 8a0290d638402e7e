// What messages of Kafka are made of, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kolben::agent::kafka::testing {

inline std::string number(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
inline std::string sized(const std::string& bytes) {
  return number(bytes.size(), 4) + bytes;
}
inline std::string text(const std::string& value) {
  return number(value.size(), 2) + value;
}
inline std::string varint(std::size_t value) {
  std::string bytes;
  for (; value >= 128; value /= 128) bytes += static_cast<char>(value % 128 + 128);
  return bytes + static_cast<char>(value);
}
inline std::string compact(const std::string& value) {
  return varint(value.size() + 1) + value;
}
inline const std::string kNull = number(0xffff, 2);

inline std::string request(int api, int version, std::uint32_t id, const std::string& body) {
  return sized(number(static_cast<std::uint64_t>(api), 2) +
               number(static_cast<std::uint64_t>(version), 2) + number(id, 4) + body);
}
inline std::string answer(std::uint32_t id, const std::string& body = "") {
  return sized(number(id, 4) + body);
}

// --- records -------------------------------------------------------------------------------------

// Of records: with a sign.
inline std::string zigzag(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return varint((bits << 1U) ^ (value < 0 ? ~0UL : 0UL));
}
inline std::string zigzagged(const std::string& value) {
  return zigzag(static_cast<std::int64_t>(value.size())) + value;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

inline std::string record_of(const std::string& body) {
  return zigzagged(body);
}
inline std::string record(const Headers& headers = {}, int offset = 0) {
  std::string body = std::string(1, '\0') + zigzag(1234567) + zigzag(offset) +
                     zigzagged("secret key") + zigzagged("secret value") +
                     zigzag(static_cast<std::int64_t>(headers.size()));
  for (const auto& [name, value] : headers) body += zigzagged(name) + zigzagged(value);
  return record_of(body);
}

struct Batch {
  std::uint64_t base = 0;
  int attributes = 0;
  std::uint64_t producer = ~0UL;
  std::int64_t count = -1;  // else as many as there are
  int magic = 2;
};

inline std::string batch(const std::vector<std::string>& records, const Batch& of = {}) {
  std::string bytes;
  for (const std::string& one : records) bytes += one;
  const std::uint64_t count = of.count >= 0 ? static_cast<std::uint64_t>(of.count) : records.size();
  const std::string rest =
      number(7, 4) + number(static_cast<std::uint64_t>(of.magic), 1) + number(0xc2cc2c, 4) +
      number(static_cast<std::uint64_t>(of.attributes), 2) + number(count == 0 ? 0 : count - 1, 4) +
      number(1, 8) + number(2, 8) + number(of.producer, 8) + number(0xffff, 2) +
      number(0xffffffff, 4) + number(count, 4) + bytes;
  return number(of.base, 8) + sized(rest);
}

// "00-000...001-000...001-01"
inline std::string traceparent(int n) {
  std::string id = std::to_string(n);
  id.insert(0, 16 - id.size(), '0');
  return "00-" + std::string(16, '0') + id + "-" + id + "-01";
}

}  // namespace kolben::agent::kafka::testing
