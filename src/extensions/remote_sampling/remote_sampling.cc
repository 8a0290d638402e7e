#include "extensions/remote_sampling/remote_sampling.h"

#include <optional>
#include <string>
#include <utility>

#include "config/reader.h"
#include "extensions/remote_sampling/door.h"
#include "extensions/remote_sampling/read_strategies.h"
#include "extensions/remote_sampling/strategies_file.h"
#include "pipeline/settings.h"

namespace kolben::extensions::remote_sampling {
namespace {

// A question is a service's name.
constexpr std::size_t kQuestionBytesMax = 64 << 10;
// Below it a file is read for nothing: clients ask every minute.
constexpr std::chrono::milliseconds kReloadIntervalMin{10};

struct Settings {
  FileSettings file;
  std::optional<net::http::ServerSettings> http;
  std::optional<net::grpc::ServerSettings> grpc;
};

class RemoteSampling final : public pipeline::Extension {
 public:
  RemoteSampling(std::string id, Settings settings, std::unique_ptr<StrategiesFile> file)
      : id_(std::move(id)), settings_(std::move(settings)), file_(std::move(file)) {}

  Status start(pipeline::Host& host) override {
    const CurrentStrategies current = [this] { return file_->current(); };
    if (settings_.http) {
      auto server = open_http(host, id_ + "/http", *settings_.http, current);
      if (!server.has_value()) return std::move(server).error().with_context("extension " + id_);
      http_ = std::move(server).value();
    }
    if (settings_.grpc) {
      auto server = open_grpc(host, id_ + "/grpc", *settings_.grpc, current);
      if (!server.has_value()) return std::move(server).error().with_context("extension " + id_);
      grpc_ = std::move(server).value();
    }
    file_->start();
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (http_) http_->stop(deadline);
    if (grpc_) grpc_->stop(deadline);
    file_->stop();
  }

 private:
  const std::string id_;
  const Settings settings_;
  const std::unique_ptr<StrategiesFile> file_;
  std::unique_ptr<net::http::Server> http_;
  std::unique_ptr<net::grpc::Server> grpc_;
};

FileSettings read_file_settings(config::Reader& reader) {
  FileSettings settings;
  reader.optional("path", settings.path);
  reader.optional("default_sampling_probability", settings.default_probability);
  reader.optional("reload_interval", settings.reload_interval);
  if (settings.path.find("://") != std::string::npos) {
    reader.error("path", "want a file: strategies are not fetched from a URL here");
    settings.path.clear();
  }
  if (!is_probability(settings.default_probability)) {
    reader.error("default_sampling_probability", "want a probability from 0 to 1");
  }
  if (settings.reload_interval.count() != 0 && settings.reload_interval < kReloadIntervalMin) {
    reader.error("reload_interval", "want 10ms or more, or 0, which reads the file once");
  }
  return settings;
}

net::http::ServerSettings read_http(config::Reader& reader) {
  net::http::ServerSettings settings;
  settings.endpoint = "localhost:5778";
  settings.body_bytes_max = kQuestionBytesMax;
  reader.optional("endpoint", settings.endpoint);
  if (const auto cors = reader.child("cors")) {
    cors->optional("allowed_origins", settings.cors_allowed_origins);
  }
  pipeline::read_tls_server(reader, settings.tls);
  return settings;
}

net::grpc::ServerSettings read_grpc(config::Reader& reader) {
  net::grpc::ServerSettings settings;
  settings.endpoint = "localhost:5779";
  settings.message_bytes_max = kQuestionBytesMax;
  reader.optional("endpoint", settings.endpoint);
  pipeline::read_tls_server(reader, settings.tls);
  pipeline::refuse_min_version_13(reader, settings.tls.min_version);
  return settings;
}

}  // namespace

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "extensions::" + context.id, context.errors);
  if (const auto file = reader.child("file")) settings.file = read_file_settings(*file);
  if (const auto http = reader.child("http")) settings.http = read_http(*http);
  if (const auto grpc = reader.child("grpc")) settings.grpc = read_grpc(*grpc);
  if (reader.has("adaptive")) {
    reader.error("adaptive", "is not there: strategies come from a file");
  }
  if (!settings.http && !settings.grpc) {
    reader.error("http", "must specify at least one protocol (grpc, http)");
  }
  auto file = std::make_unique<StrategiesFile>(context.id, settings.file);
  file->read(context.errors);
  return std::make_unique<RemoteSampling>(context.id, std::move(settings), std::move(file));
}

}  // namespace kolben::extensions::remote_sampling
