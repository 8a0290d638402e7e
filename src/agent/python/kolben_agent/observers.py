"""Observable instruments: their callbacks are asked at each interval of the metrics, and at the end.

They tell totals; what is added up by the agent are the differences.
"""
import atexit
import os
import sys
import threading

from kolben_agent.packing import attributes as pack
from kolben_agent.settings import has_config_file
from kolben_agent.table import native

INTERVAL_SECONDS = 60.0  # the specification's default
# Beside a configuration file, whose readers each have one: short for most.
CONFIG_FILE_SECONDS = 5.0
OBSERVED_MAX = 1024  # instruments
SETS_MAX = 2000  # of attributes, as the agent process keeps

_observed = []
_thread = None


class Observed:
    def __init__(self, handle, is_total, rises, callbacks, is_over):
        self._handle = handle
        self._is_total = is_total
        self._rises = rises
        self._callbacks = [self._as_function(callback) for callback in callbacks or ()]
        self._is_over = is_over
        self._totals = {}

    @staticmethod
    def _as_function(callback):
        """A generator is sent the options and yields the observations."""
        if callable(callback):
            return callback
        next(callback)
        return callback.send

    def observe(self):
        if self._is_over():
            return
        options = sys.modules["opentelemetry.metrics"].CallbackOptions()
        for callback in self._callbacks:
            try:
                for observation in callback(options):
                    self._take(observation.value, pack(observation.attributes))
            except Exception:  # the program's own
                pass

    def _take(self, value, packed):
        amount = value
        if self._is_total:
            if packed not in self._totals and len(self._totals) >= SETS_MAX:
                return
            amount = value - self._totals.get(packed, 0)
            if self._rises and amount < 0:  # it has begun anew
                amount = value
            self._totals[packed] = value
        native.record_packed(self._handle, amount, packed)


def add(observed):
    if not observed._callbacks or len(_observed) >= OBSERVED_MAX:
        return
    _observed.append(observed)
    if len(_observed) == 1:
        _begin()
        atexit.register(observe)
        os.register_at_fork(after_in_child=_begin)


def observe():
    for observed in list(_observed):
        observed.observe()


def interval():
    if has_config_file(os.environ):
        return CONFIG_FILE_SECONDS
    try:
        seconds = float(os.environ["OTEL_METRIC_EXPORT_INTERVAL"]) / 1000
    except (KeyError, ValueError):
        return INTERVAL_SECONDS
    return seconds if 0 < seconds < threading.TIMEOUT_MAX else INTERVAL_SECONDS


def _begin():
    global _thread
    _thread = threading.Thread(target=_run, name="kolben-observers", daemon=True)
    _thread.start()


def _run():
    # A little before the agent's own interval ends, so that it exports what is new.
    pause = threading.Event()
    while not pause.wait(max(interval() * 0.9, 0.05)):
        observe()
