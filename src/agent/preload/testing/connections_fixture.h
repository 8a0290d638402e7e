// Connections over a ring of its own, with an operating system of the test's.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/preload/connections.h"

namespace kolben::agent {

inline std::uint64_t fake_time = 0;
inline std::string fake_sent;
inline int fake_other_file = -1;     // is no stream socket
inline bool fake_same_file = false;  // of any two
inline ssize_t fake_send_result = 0;
inline void* fake_memory = nullptr;            // that was allocated last
inline std::size_t fake_send_most = SIZE_MAX;  // of one call

// What another thread does while this one is within a call to the system, once.
inline std::function<void()> fake_other_thread;
inline void let_other_thread_run() {
  const auto other = std::exchange(fake_other_thread, nullptr);
  if (other) other();
}

// What a thread does that waits for another one.
inline std::function<void()> fake_yield;

inline System fake_system() {
  return {.now =
              [] {
                let_other_thread_run();
                return fake_time += 1000;
              },
          .coarse_now = [] { return fake_time; },
          .random =
              [](void* bytes, std::size_t size) {
                std::memset(bytes, 0x5a, size);
                std::memcpy(bytes, &fake_time, sizeof(fake_time));
              },
          .is_stream_socket = [](int) { return true; },
          .is_no_stream_socket = [](int file) { return file == fake_other_file; },
          .is_same_file = [](int, int) { return fake_same_file; },
          .socket_names =
              [](int, SocketNames* names) {
                let_other_thread_run();
                std::memcpy(names->local, "10.0.0.1", 8);
                names->local_size = 8;
                names->local_port = 80;
              },
          .allocate = [](std::size_t bytes) -> void* {
            void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            fake_memory = memory == MAP_FAILED ? nullptr : memory;
            return fake_memory;
          },
          .send_message = [](int, const msghdr* message, int) -> ssize_t {
            if (fake_send_result < 0) {
              errno = EAGAIN;
              return -1;
            }
            const std::size_t size = std::min(message->msg_iov->iov_len, fake_send_most);
            fake_sent.append(static_cast<char*>(message->msg_iov->iov_base), size);
            return static_cast<ssize_t>(size);
          },
          .yield = [] { fake_yield != nullptr ? fake_yield() : std::this_thread::yield(); }};
}

struct Seen {
  RecordType type;
  Exchange fixed;
  std::string request;
  std::string response;
  std::string route;
  std::string linked;  // trace id, in hexadecimal
};

inline constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
inline constexpr char kHeader[] =
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

// What is written into a request of a trace of its own: that header.
inline constexpr std::size_t kInjectedBytes = sizeof(kHeader) - 1;

inline std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

// A piece of a connection in another protocol.
struct Told {
  RecordType type;
  std::uint32_t stream = 0;
  StreamPiece fixed;
  std::string peer, local, bytes;
  std::vector<StreamRequest> requests;
  std::vector<StreamSegment> segments;
  EndReason end_reason{};
};

class ConnectionsTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kSlots = 1U << 16;
  void SetUp() override {
    char path[] = "/tmp/kolben-connections-XXXXXX";
    const int file = mkstemp(path);
    ASSERT_GE(file, 0);
    close(file);
    unlink(path);
    ring_ = create_ring(path, kSlots);
    unlink(path);
    ASSERT_NE(ring_, nullptr);
    reader_ = std::make_unique<RingReader>(ring_);
    connections_.init(system_, ring_, sampler_, kTraceContext | kBaggage);
    connections_.forked(1, 42);
    fake_sent.clear();
    fake_same_file = false;
    fake_send_result = 0;
    fake_send_most = SIZE_MAX;
  }
  void TearDown() override { unmap_ring(ring_); }

  void accept(int file) {
    sockaddr_in peer = {};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(4711);
    peer.sin_addr.s_addr = htonl(0x7f000001);
    connections_.accepted(thread_, file, reinterpret_cast<sockaddr*>(&peer), sizeof(peer));
  }
  static iovec piece(const std::string& text) {
    return {const_cast<char*>(text.data()), text.size()};
  }
  void receive(int file, const std::string& text) {
    const iovec one = piece(text);
    connections_.received(thread_, file, &one, 1, text.size());
  }
  void send(int file, const std::string& text) {
    const iovec one = piece(text);
    connections_.sent(thread_, file, &one, 1, text.size());
  }
  std::vector<Seen> seen() {
    std::vector<Seen> all;
    std::vector<std::uint8_t> buffer(kRecordBytesMax);
    while (reader_->next(buffer.data(), 1) != 0) {
      Seen one;
      RecordHeader header;
      std::memcpy(&header, buffer.data(), sizeof(header));
      one.type = header.type;
      std::memcpy(&one.fixed, buffer.data() + sizeof(header), sizeof(one.fixed));
      const char* text =
          reinterpret_cast<const char*>(buffer.data()) + sizeof(header) + sizeof(one.fixed);
      text += one.fixed.local_address_size + one.fixed.peer_address_size;
      one.request.assign(text, one.fixed.request_head_size);
      text += one.fixed.request_head_size;
      one.route.assign(text, one.fixed.route_size);
      text += one.fixed.route_size + one.fixed.attributes_size;
      one.linked = hex(reinterpret_cast<const std::uint8_t*>(text), one.fixed.linked_size);
      text += one.fixed.linked_size;
      one.response.assign(text, one.fixed.response_head_size);
      all.push_back(one);
    }
    return all;
  }
  // Of connections in other protocols; records of HTTP are left out.
  std::vector<Told> told() {
    std::vector<Told> all;
    std::vector<std::uint8_t> buffer(kRecordBytesMax);
    while (reader_->next(buffer.data(), 1) != 0) {
      Told one;
      RecordHeader header;
      std::memcpy(&header, buffer.data(), sizeof(header));
      one.type = header.type;
      const char* text = reinterpret_cast<const char*>(buffer.data()) + sizeof(header);
      if (one.type == RecordType::kStreamEnd) {
        StreamEnd end;
        std::memcpy(&end, text, sizeof(end));
        one.end_reason = end.end_reason;
        one.stream = end.stream;
        all.push_back(one);
      }
      if (one.type != RecordType::kStreamPiece) continue;
      std::memcpy(&one.fixed, text, sizeof(one.fixed));
      one.stream = one.fixed.stream;
      text += sizeof(one.fixed);
      one.peer.assign(text, one.fixed.peer_address_size);
      text += one.fixed.peer_address_size;
      one.local.assign(text, one.fixed.local_address_size);
      text += one.fixed.local_address_size;
      one.requests.resize(one.fixed.request_count);
      if (!one.requests.empty()) {
        std::memcpy(one.requests.data(), text, one.requests.size() * sizeof(StreamRequest));
      }
      text += one.requests.size() * sizeof(StreamRequest);
      one.segments.resize(one.fixed.segment_count);
      std::memcpy(one.segments.data(), text, one.segments.size() * sizeof(StreamSegment));
      text += one.segments.size() * sizeof(StreamSegment);
      one.bytes.assign(text, one.fixed.bytes_size);
      all.push_back(one);
    }
    return all;
  }
  void connect(int file) {
    sockaddr_in peer = {};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(6379);
    peer.sin_addr.s_addr = htonl(0x7f000001);
    connections_.connected(thread_, file, reinterpret_cast<sockaddr*>(&peer), sizeof(peer));
  }
  // What would go over the wire; empty: the program's bytes as they are.
  std::string injection(int file, const std::vector<std::string>& texts) {
    std::vector<iovec> pieces;
    std::size_t bytes = 0;
    for (const std::string& text : texts) {
      pieces.push_back(piece(text));
      bytes += text.size();
    }
    injection_ = Injection{};
    if (!connections_.prepare_injection(thread_, file, pieces.data(),
                                        static_cast<int>(pieces.size()), bytes, &injection_)) {
      return "";
    }
    std::string wire;
    for (int i = 0; i < injection_.count; ++i) {
      wire.append(static_cast<char*>(injection_.pieces[i].iov_base), injection_.pieces[i].iov_len);
    }
    return wire;
  }

  System system_ = fake_system();
  RingHeader* ring_ = nullptr;
  std::unique_ptr<RingReader> reader_;
  Sampler sampler_;
  Connections connections_;
  ThreadState thread_;
  Injection injection_;
};

}  // namespace kolben::agent
