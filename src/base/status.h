// Status: the outcome of an operation that the outside world can make fail.
//
// A Status is either OK (one null pointer, free to copy and test) or a code with a message that
// says what was attempted, on what, and what to do. Codes are gRPC's, with gRPC's numbers, so that
// they cross the wire unchanged (https://grpc.io/docs/guides/status-codes/).
//
// Our own bugs are not Statuses: they stop the program, see base/check.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kolben {

enum class StatusCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT" and the like, as gRPC spells them.
std::string_view to_string(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message);

  static Status ok() { return {}; }

  bool is_ok() const { return state_ == nullptr; }
  explicit operator bool() const { return is_ok(); }

  StatusCode code() const { return state_ ? state_->code : StatusCode::kOk; }
  std::string_view message() const { return state_ ? std::string_view(state_->message) : ""; }

  // How long the refusing side asks to be left alone; set by back-pressure (RetryInfo in gRPC,
  // Retry-After in HTTP).
  std::optional<std::chrono::milliseconds> retry_after() const;
  Status with_retry_after(std::chrono::milliseconds delay) &&;

  // The same status with "context: " before its message. Add context once a floor.
  Status with_context(std::string_view context) &&;

  // Whether sending the same data again may succeed. The list is the OTLP specification's
  // ("OTLP/gRPC Response", failures): RESOURCE_EXHAUSTED only where the server named a delay.
  bool is_retryable() const;

  // "UNAVAILABLE: connecting to localhost:4317: connection refused"
  std::string to_string() const;

 private:
  struct State {
    StatusCode code;
    std::string message;
    std::optional<std::chrono::milliseconds> retry_after;
  };
  std::shared_ptr<State> state_;  // null: OK; never shared while it is changed
};

Status invalid_argument(std::string message);
Status not_found(std::string message);
Status already_exists(std::string message);
Status resource_exhausted(std::string message);
Status failed_precondition(std::string message);
Status unavailable(std::string message);
Status internal_error(std::string message);
Status unimplemented(std::string message);
Status data_loss(std::string message);
Status deadline_exceeded(std::string message);
Status cancelled(std::string message);

// The status of a failed system call: "opening /var/lib/kolben: Permission denied".
Status from_errno(int error_number, std::string_view attempted);

}  // namespace kolben

#define KOLBEN_RETURN_IF_ERROR(expression)                                         \
  do {                                                                             \
    if (::kolben::Status kolben_status_ = (expression); !kolben_status_.is_ok()) { \
      return kolben_status_;                                                       \
    }                                                                              \
  } while (false)
