#include "net/pem.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "net/listen.h"

namespace kolben::net {

namespace {

// The system's bundle of authorities has a quarter of this.
constexpr std::size_t kPemBytesMax = 1 << 20;

}  // namespace

Result<std::string> read_pem(const std::string& path, const std::string& text) {
  if (!text.empty() || path.empty()) return text;
  const Socket file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return from_errno(errno, "opening " + path);
  std::string content;
  char chunk[16384];
  while (true) {
    const ssize_t length = read(file.fd(), chunk, sizeof chunk);
    if (length < 0) return from_errno(errno, "reading " + path);
    if (length == 0) break;
    content.append(chunk, static_cast<std::size_t>(length));
    if (content.size() > kPemBytesMax) {
      return invalid_argument("reading " + path +
                              ": larger than 1 MiB, so it holds no certificates");
    }
  }
  if (content.empty()) return invalid_argument("reading " + path + ": the file is empty");
  return content;
}

}  // namespace kolben::net
