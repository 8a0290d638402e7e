// IndexWriter: gathers the sections of an index file and writes it. The slices must live until
// write() returns. One thread.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "storage/engine/format.h"
#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

class IndexWriter {
 public:
  // A new section, to be filled with its bytes' slices.
  std::vector<std::string_view>& begin(Section section);
  void add_texts(Section ends, Section bytes, const Texts& texts);
  // Under another name first: the file is there as a whole or not at all.
  Status write(FileSystem& files, const std::string& path);

 private:
  struct Part {
    Section section;
    std::vector<std::string_view> slices;
  };
  std::deque<Part> parts_;
  std::deque<std::vector<std::uint32_t>> ends_;  // of the dictionaries
};

}  // namespace kolben::storage::engine
