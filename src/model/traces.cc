#include "model/traces.h"

namespace kolben {

std::string_view kind_text(SpanKind kind) {
  switch (kind) {
    case SpanKind::kInternal:
      return "internal";
    case SpanKind::kServer:
      return "server";
    case SpanKind::kClient:
      return "client";
    case SpanKind::kProducer:
      return "producer";
    case SpanKind::kConsumer:
      return "consumer";
    case SpanKind::kUnspecified:
      break;
  }
  return "unspecified";
}

std::string_view status_text(SpanStatusCode status) {
  switch (status) {
    case SpanStatusCode::kOk:
      return "ok";
    case SpanStatusCode::kError:
      return "error";
    case SpanStatusCode::kUnset:
      break;
  }
  return "unset";
}

}  // namespace kolben
