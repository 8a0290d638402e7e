#include "base/status.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace kolben {

std::string_view to_string(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kCancelled:
      return "CANCELLED";
    case StatusCode::kUnknown:
      return "UNKNOWN";
    case StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case StatusCode::kNotFound:
      return "NOT_FOUND";
    case StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case StatusCode::kAborted:
      return "ABORTED";
    case StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case StatusCode::kInternal:
      return "INTERNAL";
    case StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case StatusCode::kDataLoss:
      return "DATA_LOSS";
    case StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

Status::Status(StatusCode code, std::string message) {
  if (code != StatusCode::kOk) {
    state_ = std::make_shared<State>(State{code, std::move(message), std::nullopt});
  }
}

std::optional<std::chrono::milliseconds> Status::retry_after() const {
  return state_ ? state_->retry_after : std::nullopt;
}

Status Status::with_retry_after(std::chrono::milliseconds delay) && {
  if (!state_) return {};
  Status changed(state_->code, state_->message);
  changed.state_->retry_after = delay;
  return changed;
}

Status Status::with_context(std::string_view context) && {
  if (!state_) return {};
  Status changed(state_->code, std::string(context) + ": " + state_->message);
  changed.state_->retry_after = state_->retry_after;
  return changed;
}

bool Status::is_retryable() const {
  switch (code()) {
    case StatusCode::kCancelled:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return true;
    case StatusCode::kResourceExhausted:
      return retry_after().has_value();
    default:
      return false;
  }
}

std::string Status::to_string() const {
  if (is_ok()) return "OK";
  return std::string(kolben::to_string(code())) + ": " + state_->message;
}

Status invalid_argument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}
Status not_found(std::string message) {
  return {StatusCode::kNotFound, std::move(message)};
}
Status already_exists(std::string message) {
  return {StatusCode::kAlreadyExists, std::move(message)};
}
Status resource_exhausted(std::string message) {
  return {StatusCode::kResourceExhausted, std::move(message)};
}
Status failed_precondition(std::string message) {
  return {StatusCode::kFailedPrecondition, std::move(message)};
}
Status unavailable(std::string message) {
  return {StatusCode::kUnavailable, std::move(message)};
}
Status internal_error(std::string message) {
  return {StatusCode::kInternal, std::move(message)};
}
Status unimplemented(std::string message) {
  return {StatusCode::kUnimplemented, std::move(message)};
}
Status data_loss(std::string message) {
  return {StatusCode::kDataLoss, std::move(message)};
}
Status deadline_exceeded(std::string message) {
  return {StatusCode::kDeadlineExceeded, std::move(message)};
}
Status cancelled(std::string message) {
  return {StatusCode::kCancelled, std::move(message)};
}

namespace {

StatusCode code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return StatusCode::kNotFound;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return StatusCode::kResourceExhausted;
    case EINVAL:
      return StatusCode::kInvalidArgument;
    case EXDEV:
      return StatusCode::kFailedPrecondition;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return StatusCode::kUnavailable;
    case ETIMEDOUT:
      return StatusCode::kDeadlineExceeded;
    default:
      return StatusCode::kInternal;
  }
}

// Where a limit of the process was met, as far as that can be told: what to raise. A file that is
// as large as its file system can have one is EFBIG, too.
std::string_view remedy_of_errno(int error_number) {
  if (error_number == EMFILE) return "; raise the limit of open files (ulimit -n)";
  if (error_number == EFBIG) {
    return "; raise the limit of a file's size (ulimit -f), unless it is the file system's own";
  }
  return {};
}

}  // namespace

Status from_errno(int error_number, std::string_view attempted) {
  char text[128];
  const char* reason = strerror_r(error_number, text, sizeof text);
  return {code_of_errno(error_number),
          std::string(attempted) + ": " + reason + std::string(remedy_of_errno(error_number))};
}

}  // namespace kolben
