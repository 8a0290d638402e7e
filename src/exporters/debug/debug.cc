#include "exporters/debug/debug.h"

#include <cstdint>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "config/reader.h"
#include "exporters/debug/text.h"
#include "otlp/decode.h"
#include "pipeline/log.h"

namespace kolben::exporters::debug {
namespace {

enum class Verbosity : std::uint8_t { kBasic, kNormal, kDetailed };

struct Settings {
  Verbosity verbosity = Verbosity::kBasic;
  std::uint64_t sampling_initial = 2;
  std::uint64_t sampling_thereafter = 1;
};

class DebugExporter final : public pipeline::Exporter {
 public:
  DebugExporter(std::string id, Settings settings) : id_(std::move(id)), settings_(settings) {}

  Status start(pipeline::Host& host) override {
    clock_ = &host.clock();
    return Status::ok();
  }
  void stop(pipeline::Deadline) override {}

  // Decoding fills the batch, which changes nothing that others could see: no copy is needed.
  Status consume(pipeline::Delivery&& delivery) override {
    if (is_due()) {
      if (Status status = kolben::otlp::decode(delivery.batch); !status.is_ok()) return status;
      print(delivery.batch);
    }
    delivery.receipt.resolve(Status::ok());
    return Status::ok();
  }

 private:
  void print(const Batch& batch) {
    log::info(id_, summary_line(batch));
    if (settings_.verbosity == Verbosity::kNormal) log::text(normal_text(batch));
    if (settings_.verbosity == Verbosity::kDetailed) log::text(detailed_text(batch));
  }

  // The first batches of each second, and of the rest every n-th.
  bool is_due() {
    const std::uint64_t second = clock_->steady_nanos() / 1'000'000'000;
    const MutexLock lock(mutex_);
    if (second != second_) {
      second_ = second;
      seen_in_second_ = 0;
    }
    ++seen_in_second_;
    if (seen_in_second_ <= settings_.sampling_initial) return true;
    return settings_.sampling_thereafter != 0 &&
           (seen_in_second_ - settings_.sampling_initial) % settings_.sampling_thereafter == 0;
  }

  const std::string id_;
  const Settings settings_;
  const Clock* clock_ = nullptr;
  Mutex mutex_;
  std::uint64_t second_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t seen_in_second_ KOLBEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  std::size_t verbosity = 0;
  reader.choice("verbosity", {"basic", "normal", "detailed"}, verbosity);
  settings.verbosity = static_cast<Verbosity>(verbosity);
  reader.optional("sampling_initial", settings.sampling_initial);
  reader.optional("sampling_thereafter", settings.sampling_thereafter);
  reader.ignored("use_internal_logger", "the text goes to stderr");
  reader.ignored("output_paths", "the text goes to stderr");
  return std::make_unique<DebugExporter>(context.id, settings);
}

}  // namespace kolben::exporters::debug
