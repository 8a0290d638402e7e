#include "pipeline/partial_success.h"

#include <string>

#include "otlp/service.h"
#include "pipeline/log.h"

namespace kolben::pipeline {

void warn_of_partial_success(std::string_view exporter_id, std::string_view reply) {
  const auto partial = otlp::decode_response(reply);
  if (!partial.has_value() || (partial->rejected == 0 && partial->error_message.empty())) return;
  log::warn(exporter_id, "the peer took a part only",
            {{"rejected", std::to_string(partial->rejected)}, {"reason", partial->error_message}});
}

}  // namespace kolben::pipeline
