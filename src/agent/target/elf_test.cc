#include "agent/target/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "agent/target/testing/elf_file.h"

namespace kolben::agent {
namespace {

using testing::ElfFile;
using testing::kLoader;
using testing::write_executable;

ElfKind kind_of(const std::string& path, const Loader& loader) {
  const int file = open(path.c_str(), O_RDONLY);
  const ElfKind kind = read_elf(file, loader);
  close(file);
  return kind;
}

ElfKind kind_of(const std::string& path, const FileId& loader = {}) {
  return kind_of(path, Loader{.file = loader, .path = nullptr, .root = {}});
}

TEST(Elf, Kinds) {
  EXPECT_EQ(kind_of("/bin/sh"), ElfKind::kOrdinary);
  EXPECT_EQ(kind_of("/etc/passwd"), ElfKind::kNotElf);
  EXPECT_EQ(kind_of("/dev/null"), ElfKind::kNotElf);
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libc.so.6").path()), ElfKind::kOrdinary);
  EXPECT_EQ(kind_of(ElfFile("/lib/ld-musl-x86_64.so.1", "libc.so").path()), ElfKind::kOtherLibc);
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libasan.so.8").path()), ElfKind::kSanitized);
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libclang_rt.asan-x86_64.so").path()), ElfKind::kSanitized);
  ElfFile small(kLoader, "libc.so.6");
  small.header().e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(kind_of(small.path()), ElfKind::kOtherClass);
  ElfFile foreign(kLoader, "libc.so.6");
  foreign.header().e_machine = EM_S390;
  EXPECT_EQ(kind_of(foreign.path()), ElfKind::kOtherMachine);
  EXPECT_EQ(kind_of(ElfFile("", "libc.so.6").path()), ElfKind::kStatic);
}

FileId id_of(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return {status.st_dev, status.st_ino};
}

TEST(Elf, LoadersAreToldApartByWhatFileTheyAre) {
  const FileId ours = id_of(kLoader);
  EXPECT_EQ(kind_of("/bin/sh", ours), ElfKind::kOrdinary);
  const std::string other = write_executable("");
  const std::string link = other + "-link";
  ASSERT_EQ(symlink(kLoader, link.c_str()), 0);
  EXPECT_EQ(kind_of(ElfFile(link, "libc.so.6").path(), ours), ElfKind::kOrdinary);
  EXPECT_EQ(kind_of(ElfFile(other, "libc.so.6").path(), ours), ElfKind::kOtherLoader);
  EXPECT_EQ(kind_of(ElfFile(other, "libasan.so.8").path(), ours), ElfKind::kOtherLoader);
  EXPECT_EQ(kind_of(ElfFile("/no/such/loader", "libc.so.6").path(), ours), ElfKind::kOrdinary);
  // The one that is known may be of another file system.
  EXPECT_EQ(kind_of("/bin/sh", {.device = ours.device + 1, .inode = ours.inode}),
            ElfKind::kOtherLoader);
  unlink(link.c_str());
  unlink(other.c_str());
}

// As dpkg does it: the new file takes the name of the old one.
TEST(Elf, ALoaderThatWasReplacedSinceIsTakenForTheSame) {
  const FileId before = id_of("/bin/sh");
  const FileId root = id_of("/");
  const Loader ours{.file = before, .path = kLoader, .root = root};
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libc.so.6").path(), ours), ElfKind::kOrdinary);
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libasan.so.8").path(), ours), ElfKind::kSanitized);
  EXPECT_EQ(kind_of(kLoader, ours), ElfKind::kIsLoader);
  const std::string other = write_executable("");
  EXPECT_EQ(kind_of(ElfFile(other, "libc.so.6").path(), ours), ElfKind::kOtherLoader);
  // In another root directory it is another system's.
  const Loader elsewhere{.file = before, .path = kLoader, .root = before};
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libc.so.6").path(), elsewhere), ElfKind::kOtherLoader);
  for (const char* path : {static_cast<const char*>(nullptr), "", "/no/such/loader"}) {
    const Loader unknown{.file = before, .path = path, .root = root};
    EXPECT_EQ(kind_of(ElfFile(kLoader, "libc.so.6").path(), unknown), ElfKind::kOtherLoader);
  }
  unlink(other.c_str());
}

TEST(Elf, ALoaderIsToldFromAProgram) {
  const auto is_loader = [](const char* path) {
    const int file = open(path, O_RDONLY);
    const bool is = is_loader_itself(file);
    close(file);
    return is;
  };
  EXPECT_TRUE(is_loader(kLoader));
  EXPECT_FALSE(is_loader("/bin/sh"));
  EXPECT_FALSE(is_loader("/etc/passwd"));
  EXPECT_FALSE(is_loader("/"));
}

TEST(Elf, ALoaderMayBeTheProgram) {
  EXPECT_EQ(kind_of(kLoader), ElfKind::kIsLoader);
  EXPECT_EQ(kind_of(kLoader, id_of(kLoader)), ElfKind::kIsLoader);
  EXPECT_EQ(kind_of(kLoader, id_of("/bin/sh")), ElfKind::kIsOtherLoader);
  EXPECT_EQ(kind_of(ElfFile("", "libc.so.6").path(), id_of("/bin/sh")), ElfKind::kStatic);
}

TEST(Elf, TablesThatAreLongerThanOneRead) {
  for (const std::size_t others : {1u, 15u, 16u, 17u, 60u, 61u}) {
    EXPECT_EQ(kind_of(ElfFile(kLoader, "libc.so.6", others).path()), ElfKind::kOrdinary) << others;
    EXPECT_EQ(kind_of(ElfFile(kLoader, "libasan.so.8", others).path()), ElfKind::kSanitized)
        << others;
  }
  // Beyond any linker's: whatever stands there is not looked for.
  EXPECT_EQ(kind_of(ElfFile(kLoader, "libasan.so.8", 64).path()), ElfKind::kStatic);
}

TEST(Elf, FilesThatEndEarlyAreNotReadBeyond) {
  ElfFile whole(kLoader, "libasan.so.8");
  const std::string bytes = whole.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string path = write_executable(bytes.substr(0, size));
    kind_of(path);  // whatever it is
    unlink(path.c_str());
  }
  EXPECT_EQ(kind_of(whole.path()), ElfKind::kSanitized);
}

}  // namespace
}  // namespace kolben::agent
