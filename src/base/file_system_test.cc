#include "base/file_system.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "base/faulty_file_system.h"

namespace kolben {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() {
    std::string pattern = testing::TempDir() + "kolben-files-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~FileSystemTest() override { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  FileSystem& files_ = system_file_system();
  std::string directory_;
};

TEST_F(FileSystemTest, SlicesAreWrittenInOrderAndReadBack) {
  auto file = files_.open(path("a"), OpenMode::kCreate);
  ASSERT_TRUE(file);
  const std::string_view slices[] = {"one", "", "two", "three"};
  ASSERT_TRUE((*file)->write_at(2, slices));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(*read_file(files_, path("a"), 100), std::string("\0\0onetwothree", 13));
  EXPECT_EQ((*files_.map(path("a"))).view(), std::string_view("\0\0onetwothree", 13));
  char buffer[100];
  EXPECT_EQ(*(*file)->read_at(5, buffer, 3), 3U);
  EXPECT_EQ(*(*file)->read_at(10, buffer, 100), 3U);
}

TEST_F(FileSystemTest, MoreSlicesThanOneCallTakes) {
  auto file = files_.open(path("a"), OpenMode::kCreate);
  const std::vector<std::string_view> slices(5000, "0123456789");
  ASSERT_TRUE((*file)->write_at(0, slices));
  EXPECT_EQ(*(*file)->size(), 50'000U);
}

TEST_F(FileSystemTest, RoomThatWasNeverWrittenMayBeSkipped) {
  auto file = files_.open(path("a"), OpenMode::kCreate);
  ASSERT_TRUE((*file)->allocate(8 << 20));
  ASSERT_TRUE((*file)->write_at(5 << 20, "here"));
  // Where the file system knows nothing, it is the place itself.
  EXPECT_GE((*file)->next_written(1 << 20), std::uint64_t{1} << 20);
  EXPECT_LE((*file)->next_written(1 << 20), std::uint64_t{5} << 20);
  EXPECT_EQ((*file)->next_written(5 << 20), std::uint64_t{5} << 20);
  EXPECT_GE((*file)->next_written(7 << 20), std::uint64_t{7} << 20);
  EXPECT_LE((*file)->next_written(7 << 20), std::uint64_t{8} << 20);
}

TEST_F(FileSystemTest, ErrorsNameWhatWasAttempted) {
  EXPECT_EQ(files_.open(path("none"), OpenMode::kRead).error().code(), StatusCode::kNotFound);
  EXPECT_NE(
      files_.open(path("none"), OpenMode::kRead).error().message().find("opening " + path("none")),
      std::string_view::npos);
  ASSERT_TRUE(files_.open(path("a"), OpenMode::kCreate));
  EXPECT_EQ(files_.open(path("a"), OpenMode::kCreate).error().code(), StatusCode::kAlreadyExists);
  EXPECT_FALSE(files_.create_directories(path("a")));
  EXPECT_FALSE(files_.create_directories(path("a/b")));
}

TEST_F(FileSystemTest, DirectoriesAreMadeWithTheirParents) {
  ASSERT_TRUE(files_.create_directories(path("x/y/z")));
  ASSERT_TRUE(files_.create_directories(path("x/y/z")));
  EXPECT_EQ(*files_.list(path("x")), std::vector<std::string>{"y"});
}

TEST_F(FileSystemTest, ALockedFileNamesItsHolder) {
  auto held = files_.lock(path("LOCK"));
  ASSERT_TRUE(held);
  const auto second = files_.lock(path("LOCK"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string_view::npos);
  held->reset();
  EXPECT_TRUE(files_.lock(path("LOCK")));
}

// Opening one waits for a writer, for ever where nobody comes.
TEST_F(FileSystemTest, WhatIsNoRegularFileIsRefusedAtOnceByItsName) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(path("folder").c_str(), 0700), 0);
  const auto expect = [&](const Status& status, const std::string& said) {
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << status.to_string();
    EXPECT_NE(status.message().find(said), std::string_view::npos) << status.to_string();
  };
  const std::string fifo = path("fifo") + ": it is a FIFO";
  expect(files_.open(path("fifo"), OpenMode::kRead).status(), fifo);
  expect(files_.open(path("fifo"), OpenMode::kUpdate).status(), fifo);
  expect(files_.map(path("fifo")).status(), fifo);
  expect(files_.lock(path("fifo")).status(), fifo);
  const std::string folder = path("folder") + ": it is a directory";
  expect(files_.open(path("folder"), OpenMode::kRead).status(), folder);
  expect(files_.open(path("folder"), OpenMode::kUpdate).status(), folder);
  EXPECT_EQ(files_.open(path("fifo"), OpenMode::kCreate).status().code(),
            StatusCode::kAlreadyExists);
  // What failed before has left its errno.
  errno = EEXIST;
  expect(files_.open(path("fifo"), OpenMode::kRead).status(), fifo);
}

TEST_F(FileSystemTest, ALinkThatLeadsNowhereIsNamed) {
  ASSERT_EQ(::symlink("/nowhere/at/all", path("link").c_str()), 0);
  for (const char* name : {"link", "link/below"}) {
    const Status made = files_.create_directories(path(name));
    EXPECT_NE(made.message().find(path("link") + " is a symbolic link to /nowhere/at/all"),
              std::string_view::npos)
        << made.to_string();
  }
}

TEST_F(FileSystemTest, AReaderIsKeptOutByAHolderAndReadsBesideReaders) {
  {
    const auto held = files_.lock(path("LOCK"));
    ASSERT_TRUE(held);
    const Status refused = files_.lock_to_read(path("LOCK")).status();
    EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
    EXPECT_NE(refused.message().find("held by pid " + std::to_string(::getpid())),
              std::string_view::npos)
        << refused.to_string();
  }
  ASSERT_TRUE(files_.lock(path("LOCK")));  // and gone: its process id stays in the file
  const std::string before = *read_file(files_, path("LOCK"), 100);
  const auto read = files_.lock_to_read(path("LOCK"));
  ASSERT_TRUE(read);
  EXPECT_NE(*read, nullptr);
  EXPECT_TRUE(files_.lock_to_read(path("LOCK")));
  const Status refused = files_.lock(path("LOCK")).status();
  EXPECT_NE(refused.message().find("held by a command that only reads"), std::string_view::npos)
      << refused.to_string();
  EXPECT_EQ(*read_file(files_, path("LOCK"), 100), before);
}

TEST_F(FileSystemTest, AReaderMakesNoFile) {
  const auto read = files_.lock_to_read(path("LOCK"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, nullptr);
  EXPECT_FALSE(files_.exists(path("LOCK")));
}

TEST_F(FileSystemTest, ReplacedFilesAreTheOldOrTheNewOne) {
  FaultyFileSystem faulty(files_);
  const auto replace = [&](std::string_view text) {
    return replace_file(faulty, path("f"), std::span<const std::string_view>(&text, 1));
  };
  ASSERT_TRUE(replace("old"));
  for (std::uint64_t at = 1;; ++at) {
    faulty.set_fault({.at = at});
    const bool done = replace("new").is_ok();
    const std::string text = *read_file(files_, path("f"), 10);
    EXPECT_TRUE(text == "old" || text == "new") << text;
    if (done) break;
    ASSERT_LT(at, 20U);
  }
}

TEST_F(FileSystemTest, APowerCutLosesOnlyWhatWasNotSynced) {
  Random random(7);
  FaultyFileSystem faulty(files_);
  {
    auto file = faulty.open(path("f"), OpenMode::kCreate);
    ASSERT_TRUE((*file)->write_at(0, std::string(8192, 'a')));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(faulty.sync_directory(directory_));
    ASSERT_TRUE((*file)->write_at(4096, std::string(40 * 4096, 'b')));
  }
  faulty.cut_power(random);
  const std::string text = *read_file(files_, path("f"), 1 << 20);
  EXPECT_EQ(text.substr(0, 4096), std::string(4096, 'a'));
  EXPECT_NE(text.find('b'), std::string::npos);
  EXPECT_NE(text.find('\0', 4096), std::string::npos);
}

TEST_F(FileSystemTest, APowerCutMayUndoNamesWhoseDirectoryWasNotSynced) {
  const auto content = [&](const std::string& name) {
    return files_.exists(path(name)) ? *read_file(files_, path(name), 100) : "none";
  };
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    FaultyFileSystem faulty(files_);
    const std::vector<std::string> names = files_.list(directory_).value();
    for (const std::string& name : names) {
      ASSERT_TRUE(files_.remove(path(name)));
    }
    for (const char* name : {"a", "b"}) {
      auto file = faulty.open(path(name), OpenMode::kCreate);
      ASSERT_TRUE((*file)->write_at(0, std::string_view(name)));
      ASSERT_TRUE((*file)->sync());
    }
    ASSERT_TRUE(faulty.sync_directory(directory_));
    ASSERT_TRUE(faulty.rename(path("a"), path("b")));
    ASSERT_TRUE(faulty.remove(path("b")));
    faulty.cut_power(random);
    seen.insert(content("a") + "," + content("b"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a,b", "none,a", "none,none"}));
}

}  // namespace
}  // namespace kolben
