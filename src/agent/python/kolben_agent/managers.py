"""`with tracer.start_as_current_span(...) as span:`, which is a decorator as well, also of coroutines."""
import functools
import sys


def describe(error):
    return "{}: {}".format(type(error).__name__, error)


class Manager:
    def __init__(self, trace, start, ends, records_exceptions, sets_status):
        self._trace = trace
        self._start = start
        self._options = ends, records_exceptions, sets_status
        self._span = None
        self._token = None

    def __enter__(self):
        context = sys.modules["opentelemetry.context"]
        self._span = self._start()
        self._token = context.attach(self._trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind, error, trace_back):
        ends, records_exceptions, sets_status = self._options
        sys.modules["opentelemetry.context"].detach(self._token)
        span = self._span
        # What is no Exception (SystemExit, GeneratorExit) is no error.
        if isinstance(error, Exception) and span.is_recording():
            if records_exceptions:
                span.record_exception(error)
            if sets_status:
                span.set_status(self._trace.StatusCode.ERROR, describe(error))
        if ends:
            span.end()
        return False

    def _again(self):
        return Manager(self._trace, self._start, *self._options)

    def __call__(self, function):
        import inspect

        if inspect.iscoroutinefunction(function):
            @functools.wraps(function)
            async def wrapper(*args, **kwargs):
                with self._again():
                    return await function(*args, **kwargs)
        else:
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                with self._again():
                    return function(*args, **kwargs)
        return wrapper
