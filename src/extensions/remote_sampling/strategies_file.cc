#include "extensions/remote_sampling/strategies_file.h"

#include <utility>

#include "base/file_system.h"
#include "config/yaml.h"
#include "extensions/remote_sampling/read_strategies.h"
#include "pipeline/log.h"

namespace kolben::extensions::remote_sampling {
namespace {

Result<std::string> text_of(const std::string& path) {
  return read_file(system_file_system(), path, config::kFileBytesMax);
}

}  // namespace

StrategiesFile::StrategiesFile(std::string component_id, FileSettings settings)
    : component_id_(std::move(component_id)),
      settings_(std::move(settings)),
      current_(std::make_shared<const Strategies>(settings_.default_probability)) {}

void StrategiesFile::read(config::Errors& errors) {
  if (settings_.path.empty()) return;
  Result<std::string> text = text_of(settings_.path);
  if (!text.has_value()) {
    errors.add({settings_.path, 0, 0}, text.error().message());
    return;
  }
  text_ = std::move(text).value();
  set(read_strategies(text_, settings_.path, settings_.default_probability, errors));
}

void StrategiesFile::start() {
  if (settings_.path.empty() || settings_.reload_interval.count() == 0) return;
  thread_ = Thread("strategies", [this] {
    while (wait()) read_again();
  });
}

void StrategiesFile::stop() {
  {
    MutexLock lock(mutex_);
    is_stopped_ = true;
    stopping_.notify_all();
  }
  thread_.join();
}

std::shared_ptr<const Strategies> StrategiesFile::current() const {
  MutexLock lock(mutex_);
  return current_;
}

bool StrategiesFile::wait() {
  const auto until = std::chrono::steady_clock::now() + settings_.reload_interval;
  MutexLock lock(mutex_);
  while (!is_stopped_) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left.count() <= 0) return true;
    stopping_.wait_for(mutex_, left);
  }
  return false;
}

void StrategiesFile::read_again() {
  Result<std::string> text = text_of(settings_.path);
  if (!text.has_value()) {
    std::string mistake(text.error().message());
    if (mistake != unreadable_) complain(mistake);
    unreadable_ = std::move(mistake);
    return;
  }
  unreadable_.clear();
  if (*text == text_) return;
  text_ = std::move(text).value();
  config::Errors errors;
  Strategies strategies =
      read_strategies(text_, settings_.path, settings_.default_probability, errors);
  if (!errors.empty()) return complain(errors.messages().front());
  for (const std::string& warning : errors.warnings()) log::warn(component_id_, warning);
  set(std::move(strategies));
  log::info(component_id_, "the strategies are new", {{"file", settings_.path}});
}

void StrategiesFile::complain(std::string_view mistake) const {
  log::error(component_id_, "the strategies before stay in force", {{"mistake", mistake}});
}

void StrategiesFile::set(Strategies strategies) {
  auto next = std::make_shared<const Strategies>(std::move(strategies));
  MutexLock lock(mutex_);
  current_ = std::move(next);
}

}  // namespace kolben::extensions::remote_sampling
