#include "base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace kolben {

void open_standard_streams() {
  // open() takes the lowest free number: as long as that is a standard one, it fills a gap.
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) ::close(opened);
}

}  // namespace kolben
