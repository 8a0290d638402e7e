#include "app/store/request_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "otlp/json.h"

namespace kolben::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RequestFileTest : public ::testing::Test {
 protected:
  RequestFileTest() {
    std::string pattern = ::testing::TempDir() + "kolben-requests-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~RequestFileTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
  // Its requests, and the message of the error that ended it.
  std::vector<std::string> read(const std::string& name, RequestFormat format) {
    std::vector<std::string> requests;
    Result<RequestFile> file = RequestFile::open(path(name), format);
    if (!file) return {std::string(file.error().message())};
    while (true) {
      Result<std::optional<std::string>> request = file->next();
      if (!request) {
        requests.emplace_back(request.error().message());
        return requests;
      }
      if (!*request) return requests;
      requests.push_back(**request);
    }
  }
  static Batch a_span() {
    auto batch = otlp::decode_json(
        Signal::kTraces, R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]})");
    EXPECT_TRUE(batch) << batch.status().to_string();
    return std::move(*batch);
  }

  std::string directory_;
};

TEST_F(RequestFileTest, WhatIsWrittenIsReadAgain) {
  for (const RequestFormat format : {RequestFormat::kJson, RequestFormat::kProtobuf}) {
    auto file = RequestFile::create(path("a"), format);
    ASSERT_TRUE(file) << file.status().to_string();
    ASSERT_TRUE(file->write(a_span()));
    ASSERT_TRUE(file->write(a_span()));
    ASSERT_TRUE(file->finish());
    EXPECT_EQ(read("a", format).size(), 2U);
    EXPECT_THAT(names(), ElementsAre("a"));
    std::filesystem::remove(path("a"));
  }
}

TEST_F(RequestFileTest, AFileHasItsNameOnceItIsWhole) {
  {
    auto file = RequestFile::create(path("a"), RequestFormat::kJson);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(a_span()));
    EXPECT_THAT(names(), ElementsAre("a.kolben.tmp"));
  }
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(RequestFileTest, NothingIsWrittenOver) {
  write("a", "mine");
  const auto refused = RequestFile::create(path("a"), RequestFormat::kJson);
  EXPECT_EQ(refused.status().code(), StatusCode::kAlreadyExists);
  // Not where it came meanwhile, either.
  auto file = RequestFile::create(path("b"), RequestFormat::kJson);
  ASSERT_TRUE(file);
  write("b", "mine, too");
  EXPECT_FALSE(file->finish());
  EXPECT_THAT(read("b", RequestFormat::kJson), ElementsAre("mine, too"));
}

TEST_F(RequestFileTest, ALinkUnderTheNameOfTheUnfinishedFileIsNotFollowed) {
  write("precious", "keep");
  std::filesystem::create_symlink(path("precious"), path("a.kolben.tmp"));
  Result<RequestFile> file = RequestFile::create(path("a"), RequestFormat::kJson);
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_TRUE(file->write(a_span()));
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(std::filesystem::file_size(path("precious")), 4U);
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(path("a"))));
}

TEST_F(RequestFileTest, MessagesThatAreReadAsLinesAreNoticed) {
  write("a", std::string_view("\0\0\0\3abc\n", 8));
  EXPECT_THAT(read("a", RequestFormat::kJson),
              ElementsAre(path("a") + ":1: no JSON; is it --format protobuf?"));
}

TEST_F(RequestFileTest, LinesMayEndAsTheyLikeAndBeEmpty) {
  write("a", "one\n\r\n\ntwo\r\nthree");
  EXPECT_THAT(read("a", RequestFormat::kJson), ElementsAre("one", "two", "three"));
  write("b", "");
  EXPECT_THAT(read("b", RequestFormat::kJson), IsEmpty());
  EXPECT_THAT(read("b", RequestFormat::kProtobuf), IsEmpty());
}

TEST_F(RequestFileTest, LongLinesAreWhole) {
  const std::string line(1'000'000, 'x');
  write("a", line + "\n" + line);
  EXPECT_THAT(read("a", RequestFormat::kJson), ElementsAre(line, line));
}

TEST_F(RequestFileTest, MessagesAreCheckedAgainstTheirLength) {
  using namespace std::string_literals;
  write("a", "\0\0\0\2ab\0\0\0\1c"s);
  EXPECT_THAT(read("a", RequestFormat::kProtobuf), ElementsAre("ab", "c"));
  write("b", "\0\0\0\2ab\0\0"s);
  EXPECT_THAT(read("b", RequestFormat::kProtobuf),
              ElementsAre("ab", HasSubstr("b:2: no length of a request")));
  write("c", "\0\0\0\5ab"s);
  EXPECT_THAT(read("c", RequestFormat::kProtobuf),
              ElementsAre(HasSubstr("c:1: the file ends in the middle")));
  write("d", "{\"resourceSpans\": []}\n");
  EXPECT_THAT(read("d", RequestFormat::kProtobuf), ElementsAre(HasSubstr("is it --format json?")));
}

TEST_F(RequestFileTest, WhatCannotBeReadSaysWhy) {
  for (const RequestFormat format : {RequestFormat::kJson, RequestFormat::kProtobuf}) {
    EXPECT_THAT(read("missing", format), ElementsAre(HasSubstr("No such file")));
    EXPECT_THAT(read(".", format), ElementsAre(HasSubstr("Is a directory")));
  }
}

}  // namespace
}  // namespace kolben::app
