"""logging: each record that a logger hands to its handlers becomes a log record of the trace.

What the handlers print of it to stdout and stderr is marked, so that it is not told a second time.
"""
import os
import sys
import traceback

from kolben_agent import correlation, packing
from kolben_agent.patching import replace
from kolben_agent.settings import has_config_file
from kolben_agent.table import native

# What every record has; the rest is what the program added by `extra`.
_COMMON = frozenset((
    "args", "asctime", "created", "exc_info", "exc_text", "filename", "funcName", "levelname", "levelno",
    "lineno", "message", "module", "msecs", "msg", "name", "pathname", "process", "processName",
    "relativeCreated", "stack_info", "taskName", "thread", "threadName") + correlation.ATTRIBUTES)

TEXT_BEGIN_BYTES = 256


def patch(logging):
    correlation.begin(logging, os.environ)
    if not _is_wanted(os.environ):
        return

    def make_call_handlers(call_handlers):
        def wrapper(self, record):
            if not _tell(record):
                return call_handlers(self, record)
            native.output_is_told(1)
            try:
                return call_handlers(self, record)
            finally:
                native.output_is_told(0)
        return wrapper

    def make_format(format_record):
        def wrapper(self, record):
            text = format_record(self, record)
            _tell_text(getattr(self, "stream", None), text)
            return text
        return wrapper

    replace(logging.Logger, "callHandlers", make_call_handlers)
    replace(logging.Handler, "format", make_format)


def _is_wanted(environment):
    """As the agent's library decides whether it reads what the program prints; what a configuration
    file says of that the agent process heeds."""
    if has_config_file(environment):
        return True
    return (environment.get("OTEL_LOGS_EXPORTER", "").lower() != "none" and environment.get(
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "").lower() != "false")


def _tell(record):
    if _program_exports_logs():
        return False
    try:
        native.log_packed(packing.log(int(record.created * 1e9), severity(record.levelno),
                                      _level(record), record.name, _body(record),
                                      _attributes(record)))
        return True
    except Exception:  # what its texts are made of raises: the handlers will say so
        return False


def _tell_text(stream, text):
    """A handler is about to write the record as that. Many records are formatted and never written."""
    try:
        written = text.encode(getattr(stream, "encoding", None) or "utf-8",
                              getattr(stream, "errors", None) or "replace")
        native.output_text_is_told(written[:TEXT_BEGIN_BYTES], len(written))
    except Exception:  # another text than its handler's stream takes
        pass


def _program_exports_logs():
    """The program has set up a real SDK for its logs."""
    api = sys.modules.get("opentelemetry._logs._internal")
    return getattr(api, "_LOGGER_PROVIDER", None) is not None


def severity(level):
    """OpenTelemetry's number: four steps for each of logging's tens, from DEBUG."""
    if level < 10:
        return 0
    if level >= 50:
        return min(21 + level - 50, 24)
    ten, step = divmod(level, 10)
    return 4 * ten + 1 + min(step, 3)


def _level(record):
    return "WARN" if record.levelname == "WARNING" else record.levelname


def _body(record):
    return record.getMessage() if record.args or isinstance(record.msg, str) else str(record.msg)


def _attributes(record):
    found = {key: value for key, value in vars(record).items()
             if key not in _COMMON and not key.startswith("_")}
    found["code.file.path"] = record.pathname
    found["code.function.name"] = record.funcName
    found["code.line.number"] = record.lineno
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, trace = record.exc_info
        found["exception.type"] = kind.__name__
        found["exception.message"] = str(error)
        found["exception.stacktrace"] = "".join(traceback.format_exception(kind, error, trace))
    return found
