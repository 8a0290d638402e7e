// The program as a whole with two components of nothing: start, ports file, own metrics, signals.

#include "app/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "app/signals.h"
#include "config/yaml.h"

namespace kolben::app {
namespace {

using ::testing::HasSubstr;

// Where an exporter says that it is starting, or ending; of this process and its children.
const std::string& starting_file() {
  static const std::string path = ::testing::TempDir() + "run-starting-" + std::to_string(getpid());
  return path;
}

class EmptyReceiver final : public pipeline::Receiver {
 public:
  Status start(pipeline::Host& host) override {
    host.report_port({"empty", "localhost", 1});
    return Status::ok();
  }
  void stop(pipeline::Deadline) override {}
};

// Tells that it is there, and takes a minute.
void linger() {
  std::ofstream(starting_file()) << "now";
  std::this_thread::sleep_for(std::chrono::minutes(1));
}

// With `fails` it does not start, with `starts_late` not for a minute; with `hangs` it does not
// stop before its deadline, with `ends_late` its destruction takes a minute.
class EmptyExporter final : public pipeline::Exporter {
 public:
  explicit EmptyExporter(const config::Node& config)
      : fails_(config.find("fails") != nullptr),
        hangs_(config.find("hangs") != nullptr),
        starts_late_(config.find("starts_late") != nullptr),
        ends_late_(config.find("ends_late") != nullptr) {}
  ~EmptyExporter() override {
    if (ends_late_) linger();
  }
  Status start(pipeline::Host&) override {
    if (starts_late_) linger();
    return fails_ ? unavailable("port 9 is in use by cat (pid 5)") : Status::ok();
  }
  Status consume(pipeline::Delivery&&) override { return Status::ok(); }
  void stop(pipeline::Deadline deadline) override {
    if (hangs_) std::this_thread::sleep_until(deadline);
  }

 private:
  const bool fails_;
  const bool hangs_;
  const bool starts_late_;
  const bool ends_late_;
};

const pipeline::ComponentType kTypes[] = {
    {.kind = pipeline::Kind::kReceiver,
     .type = "empty",
     .alias = "",
     .create_receiver = [](pipeline::CreateContext&) -> std::unique_ptr<pipeline::Receiver> {
       return std::make_unique<EmptyReceiver>();
     }},
    {.kind = pipeline::Kind::kExporter,
     .type = "empty",
     .alias = "",
     .create_exporter =
         [](pipeline::CreateContext& context) -> std::unique_ptr<pipeline::Exporter> {
       return std::make_unique<EmptyExporter>(context.config);
     }},
};

std::string configuration(const std::string& exporter) {
  return "receivers: {empty: }\nexporters: {empty: " + exporter +
         "}\nservice:\n  telemetry: {metrics: {address: \"localhost:0\"}}\n"
         "  pipelines: {traces: {receivers: [empty], exporters: [empty]}}\n";
}

// The program in a process of its own.
class Child {
 public:
  enum class Place { kHere, kContainer };

  Child(const std::string& exporter, const std::string& ports_file, const std::string& later = "",
        Place place = Place::kHere) {
    starting_file();  // named after the parent
    pid_ = place == Place::kHere ? fork() : first_of_container();
    if (pid_ != 0) return;
    setsid();  // as a service: without a terminal
    // Whoever runs the tests may ignore some of them (nohup), and that is inherited.
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
    RunOptions options;
    options.ports_file = ports_file;
    // The second time the exporter is what `later` says.
    int loads = 0;
    const auto load = [&](config::Errors& errors) {
      return config::parse_yaml(configuration(loads++ == 0 ? exporter : later), "k.yaml", errors);
    };
    _exit(run(load, kTypes, options));
  }
  ~Child() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    wait();
  }
  void signal(int number) { kill(pid_, number); }
  // The exit code; minus the signal where one ended it.
  int wait() {
    if (pid_ <= 0) return -1;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  bool is_there() const { return pid_ > 0; }

 private:
  // As fork(), but the child is process 1 of its own, as in a container. -1 where that is not
  // allowed.
  static pid_t first_of_container() {
    return static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0));
  }

  pid_t pid_ = -1;
};

std::string wait_for_file(const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (access(path.c_str(), R_OK) != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Run : public ::testing::Test {
 protected:
  const std::string ports_file_ =
      ::testing::TempDir() + "run-ports-" + std::to_string(getpid()) + ".json";
};

TEST_F(Run, SigtermAndSigintStopItGracefully) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Child child("", ports_file_);
    const std::string ports = wait_for_file(ports_file_);
    EXPECT_THAT(ports, HasSubstr("\"telemetry\":"));
    EXPECT_THAT(ports, HasSubstr("\"empty\":1"));
    child.signal(signal);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);  // nobody is there any more
  }
}

TEST_F(Run, ASecondSignalStopsItAtOnce) {
  Child child("{hangs: 1}", ports_file_);
  wait_for_file(ports_file_);
  const auto begin = std::chrono::steady_clock::now();
  std::thread impatient([&] {
    for (int i = 0; i < 100; ++i) {
      child.signal(SIGTERM);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  // The thread may go on signalling a process that has ended, but is not waited for yet.
  impatient.join();
  EXPECT_EQ(child.wait(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
}

// Whoever destroys, destroys the components, which may wait for threads and disks.
TEST_F(Run, ASecondSignalStopsWhatIsBeingDestroyedToo) {
  unlink(starting_file().c_str());
  Child child("{ends_late: 1}", ports_file_);
  wait_for_file(ports_file_);
  child.signal(SIGTERM);
  wait_for_file(starting_file());
  ASSERT_EQ(access(starting_file().c_str(), F_OK), 0);
  // The first signal was heard by now: whatever is sent kOneWish from here on is another wish.
  const auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_until(begin + Signals::kOneWish);
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
}

// The first process of a container is not ended by a signal that it does not catch.
TEST_F(Run, InAContainerASignalEndsItCleanlyWheneverItComes) {
  Child runs("", ports_file_, "", Child::Place::kContainer);
  if (!runs.is_there()) GTEST_SKIP() << "no right to make a container";
  wait_for_file(ports_file_);
  runs.signal(SIGTERM);
  EXPECT_EQ(runs.wait(), 0);
  for (const bool reloads : {false, true}) {
    unlink(starting_file().c_str());
    Child child(reloads ? "" : "{starts_late: 1}", ports_file_, "{starts_late: 1}",
                Child::Place::kContainer);
    if (reloads) {
      wait_for_file(ports_file_);
      child.signal(SIGHUP);
    }
    wait_for_file(starting_file());
    child.signal(SIGTERM);
    EXPECT_EQ(child.wait(), 0) << reloads;
    EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
  }
}

// timeout(1) signals its child and then the group, which the child is of.
TEST_F(Run, TwoSignalsInOneMomentAreOneWish) {
  Child child("{hangs: 1}", ports_file_);
  wait_for_file(ports_file_);
  child.signal(SIGTERM);
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Run, ASignalEndsAStartThatTakesLong) {
  for (const int signal : {SIGTERM, SIGINT}) {
    unlink(starting_file().c_str());
    Child child("{starts_late: 1}", ports_file_);
    wait_for_file(starting_file());
    const auto begin = std::chrono::steady_clock::now();
    child.signal(signal);
    EXPECT_EQ(child.wait(), -signal);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  }
}

TEST_F(Run, ASignalEndsAReloadThatTakesLong) {
  unlink(starting_file().c_str());
  Child child("", ports_file_, "{starts_late: 1}");
  wait_for_file(ports_file_);
  child.signal(SIGHUP);
  wait_for_file(starting_file());
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), -SIGTERM);
  EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
}

TEST_F(Run, SighupReadsTheConfigurationAgain) {
  Child child("", ports_file_);
  wait_for_file(ports_file_);
  unlink(ports_file_.c_str());
  child.signal(SIGHUP);
  // Written anew by the program that took the place.
  EXPECT_THAT(wait_for_file(ports_file_), HasSubstr("\"empty\":1"));
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Run, AWrongConfigurationChangesNothing) {
  Child child("", ports_file_, "[");
  wait_for_file(ports_file_);
  child.signal(SIGHUP);
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(Run, AReloadThatCannotStartIsAFailure) {
  Child child("", ports_file_, "{fails: 1}");
  wait_for_file(ports_file_);
  child.signal(SIGHUP);
  EXPECT_EQ(child.wait(), 1);
  EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
}

TEST_F(Run, AFailedStartIsTold) {
  Child child("{fails: 1}", ports_file_);
  EXPECT_EQ(child.wait(), 1);
  EXPECT_NE(access(ports_file_.c_str(), F_OK), 0);
}

TEST_F(Run, APortsFileThatCannotBeWrittenIsAFailure) {
  Child child("", "/nowhere/ports.json");
  EXPECT_EQ(child.wait(), 1);
}

}  // namespace
}  // namespace kolben::app
