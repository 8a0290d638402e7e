#include "agent/process/exporter_set.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "agent/process/endpoint.h"
#include "agent/process/losses.h"
#include "agent/process/transport.h"

namespace kolben::agent {
namespace {

constexpr std::chrono::milliseconds kForcedEnd{1700};

// Zero: called off.
void end_by_force_after(std::chrono::milliseconds time) {
  struct sigaction end{};
  end.sa_handler = [](int) { ::_exit(0); };
  ::sigaction(SIGALRM, &end, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = time.count() / 1000;
  timer.it_value.tv_usec = static_cast<suseconds_t>(time.count() % 1000 * 1000);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

ExporterSet::ExporterSet(const Settings& settings, SharedOutput& output, Clock& clock,
                         Messages& messages)
    : output_(output), clock_(clock), messages_(messages) {
  for (const Signal signal : kAllSignals) {
    for (const ExporterSettings& exporter : settings.exporters(signal)) {
      list_of(signal).push_back(add(settings, signal, exporter));
    }
  }
}

std::vector<Exporter*>& ExporterSet::list_of(Signal signal) {
  if (signal == Signal::kTraces) return by_signal_.traces;
  return signal == Signal::kMetrics ? by_signal_.metrics : by_signal_.logs;
}

Exporter* ExporterSet::add(const Settings& settings, Signal signal,
                           const ExporterSettings& exporter) {
  switch (exporter.kind) {
    case ExporterKind::kConsole:
      if (!console_) {
        console_ = std::make_unique<ConsoleExporter>(STDOUT_FILENO, settings.console_format,
                                                     output_, messages_);
      }
      return console_.get();
    case ExporterKind::kPrometheus:
      prometheus_.push_back(
          std::make_unique<PrometheusExporter>(exporter.prometheus, clock_, messages_));
      return prometheus_.back().get();
    default:
      return add_network(settings, signal, exporter);
  }
}

Exporter* ExporterSet::add_network(const Settings& settings, Signal signal,
                                   const ExporterSettings& exporter) {
  NetworkExporterSettings network;
  network.signal = signal;
  network.kind = exporter.kind;
  network.endpoint = shown_endpoint(exporter.peer.endpoint);
  network.address = exporter.peer.endpoint;
  network.secrets = Secrets(exporter.peer);
  network.uses_tls = !exporter.peer.insecure;
  network.causes = causes_;
  network.outages = outages_;
  network.timeout = std::chrono::nanoseconds(exporter.peer.timeout_nanos);
  std::uint64_t export_timeout_nanos = settings.metric_timeout_nanos;
  if (signal != Signal::kMetrics) {
    const BatchSettings& batches =
        signal == Signal::kTraces ? settings.span_batches : settings.log_batches;
    network.queue_items_max = batches.queue_items_max;
    export_timeout_nanos = batches.export_timeout_nanos;
  }
  network.export_timeout = std::chrono::nanoseconds(export_timeout_nanos);
  network_.push_back(std::make_unique<NetworkExporter>(
      std::move(network), make_transport(signal, exporter.kind, exporter.peer), messages_));
  return network_.back().get();
}

void ExporterSet::shutdown(std::chrono::steady_clock::time_point deadline) {
  end_by_force_after(kForcedEnd);
  for (const auto& exporter : network_) exporter->begin_shutdown(deadline);
  std::vector<Loss> losses;
  for (const auto& exporter : network_) {
    exporter->shutdown(deadline);
    losses.push_back(exporter->loss());
  }
  for (const std::string& sentence : loss_sentences(losses)) messages_.say(sentence);
  network_.clear();
  prometheus_.clear();
  end_by_force_after(std::chrono::milliseconds(0));
  // A reader of the console, a pager say, may take its time: nothing is lost.
  if (console_) console_->shutdown(deadline);
}

}  // namespace kolben::agent
