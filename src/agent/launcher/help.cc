#include "agent/launcher/help.h"

#include <cstring>

#include "agent/launcher/flags.h"

namespace kolben::agent {
namespace {

constexpr char kHead[] =
    "\n"
    "Runs a command under the agent: its HTTP requests become spans and metrics, its output\n"
    "becomes log records, without a change to it. Without options they are sent to a collector on\n"
    "this machine; `kolben up` is one.\n"
    "\n"
    "  opentelemetry-instrument --service_name shop python3 app.py\n"
    "  opentelemetry-instrument --traces_exporter console --metrics_exporter none \\\n"
    "      --logs_exporter none curl http://localhost:8080/\n"
    "\n"
    "options, in parentheses what holds without them:\n"
    "  -h, --help                      show this help and exit\n"
    "  --version                       print the version and exit\n"
    "  --service_name NAME             the program's name in all that is recorded of it\n"
    "                                  (unknown_service)\n"
    "  --resource_attributes K=V,...   what else is known of it: deployment.environment=test\n"
    "  --traces_exporter LIST          where spans go: otlp, console, zipkin, none, or one of\n"
    "                                  otlp_proto_grpc, otlp_proto_http, otlp_json_http,\n"
    "                                  zipkin_json, zipkin_proto (otlp)\n"
    "  --metrics_exporter LIST         the same for metrics, with prometheus in place of zipkin\n"
    "                                  (otlp)\n"
    "  --logs_exporter LIST            the same for log records, one a line of output (otlp)\n"
    "  --exporter_otlp_endpoint URL    the collector (http://localhost:4317, or :4318 with the\n"
    "                                  http protocols)\n"
    "  --exporter_otlp_protocol NAME   grpc, http/protobuf or http/json (grpc)\n"
    "  --exporter_otlp_headers K=V,... sent along, a token say\n"
    "  --traces_sampler NAME           always_on, always_off, traceidratio, jaeger_remote, or one\n"
    "                                  of them with parentbased_ before it\n"
    "                                  (parentbased_always_on)\n"
    "  --traces_sampler_arg VALUE      the share that traceidratio records, 0 to 1 (1); of\n"
    "                                  jaeger_remote endpoint=http://localhost:14250,\n"
    "                                  pollingIntervalMs=60000,initialSamplingRate=0.001\n"
    "  --propagators LIST              headers of outgoing requests: tracecontext, baggage, b3,\n"
    "                                  b3multi, jaeger, none (tracecontext,baggage)\n"
    "\n"
    "more options, each with a value but --http_body_sizes, which needs none:\n";

// In kHead already.
constexpr const char* kFirst[] = {"service_name",
                                  "resource_attributes",
                                  "traces_exporter",
                                  "metrics_exporter",
                                  "logs_exporter",
                                  "exporter_otlp_endpoint",
                                  "exporter_otlp_protocol",
                                  "exporter_otlp_headers",
                                  "traces_sampler",
                                  "traces_sampler_arg",
                                  "propagators"};

constexpr char kOneSignal[] =
    "Each --exporter_otlp_ option is there for one signal, too, and is then the stronger one:\n"
    "--exporter_otlp_traces_endpoint, --exporter_otlp_metrics_endpoint, "
    "--exporter_otlp_logs_endpoint.\n";

constexpr char kTail[] =
    "\n"
    "Each option sets an environment variable: OTEL_ (or OTEL_PYTHON_) and its name in capital\n"
    "letters. An option is stronger than the variable. Options can be shortened as long as they\n"
    "are unambiguous.\n"
    "What each of them does, and the settings that are no options: docs/agent-settings.md.\n";

bool is_in_head(const char* name) {
  for (const char* first : kFirst) {
    if (std::strcmp(name, first) == 0) return true;
  }
  return false;
}

// "exporter_otlp_traces_timeout", which kOneSignal stands for. Not what is there for one signal
// only.
bool is_of_one_signal(const char* name) {
  constexpr const char* kSignals[] = {"exporter_otlp_traces_", "exporter_otlp_metrics_",
                                      "exporter_otlp_logs_"};
  constexpr char kGeneral[] = "exporter_otlp_";
  for (const char* signal : kSignals) {
    const std::size_t size = std::strlen(signal);
    if (std::strncmp(name, signal, size) != 0) continue;
    for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
      if (std::strncmp(flag->name, kGeneral, sizeof(kGeneral) - 1) == 0 &&
          std::strcmp(flag->name + sizeof(kGeneral) - 1, name + size) == 0) {
        return true;
      }
    }
  }
  return false;
}

// As argparse does it: the text beside the option, below it where that is too long, in lines that
// fit.
void print_option(const Flag& flag, std::FILE* to) {
  constexpr std::size_t kTextColumn = 34;  // as in kHead
  constexpr std::size_t kColumns = 98;
  std::fprintf(to, "  --%s", flag.name);
  std::size_t column = std::strlen("  --") + std::strlen(flag.name);
  if (column + 2 > kTextColumn) {
    std::fputc('\n', to);
    column = 0;
  }
  std::fprintf(to, "%*s", static_cast<int>(kTextColumn - column), "");
  column = kTextColumn;
  for (const char* word = flag.help; *word != '\0';) {
    const std::size_t size = std::strcspn(word, " ");
    if (column != kTextColumn && column + 1 + size > kColumns) {
      std::fprintf(to, "\n%*s", static_cast<int>(kTextColumn), "");
      column = kTextColumn;
    } else if (column != kTextColumn) {
      std::fputc(' ', to);
      ++column;
    }
    std::fprintf(to, "%.*s", static_cast<int>(size), word);
    column += size;
    word += size;
    word += std::strspn(word, " ");
  }
  std::fputc('\n', to);
}

void print_more(std::FILE* to) {
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    if (flag->help == nullptr || is_in_head(flag->name) || is_of_one_signal(flag->name)) continue;
    print_option(*flag, to);
  }
  std::fputs(kOneSignal, to);
}

void print_without_effect(std::FILE* to) {
  constexpr std::size_t kColumns = 90;
  std::fputs("\naccepted without effect:\n ", to);
  std::size_t column = 1;
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    if (flag->help != nullptr) continue;
    const std::size_t size = std::strlen(flag->name) + 3;
    if (column + size > kColumns) {
      std::fputs("\n ", to);
      column = 1;
    }
    std::fprintf(to, " --%s", flag->name);
    column += size;
  }
  std::fputc('\n', to);
}

}  // namespace

void print_help(std::FILE* to) {
  std::fputs(kUsage, to);
  std::fputs(kHead, to);
  print_more(to);
  print_without_effect(to);
  std::fputs(kTail, to);
}

}  // namespace kolben::agent
