"""Measurements."""
from opentelemetry.metrics._internal import (
    Asynchronous, CallbackOptions, CallbackT, Counter, Gauge, Histogram, Instrument, Meter,
    MeterProvider, NoOpCounter, NoOpGauge, NoOpHistogram, NoOpMeter, NoOpMeterProvider,
    NoOpObservableCounter, NoOpObservableGauge, NoOpObservableUpDownCounter, NoOpUpDownCounter,
    ObservableCounter, ObservableGauge, ObservableUpDownCounter, Observation, Synchronous,
    UpDownCounter, get_meter, get_meter_provider, set_meter_provider)

_Gauge = Gauge

__all__ = [
    "Asynchronous", "CallbackOptions", "CallbackT", "Counter", "Gauge", "Histogram", "Instrument",
    "Meter", "MeterProvider", "NoOpCounter", "NoOpGauge", "NoOpHistogram", "NoOpMeter",
    "NoOpMeterProvider", "NoOpObservableCounter", "NoOpObservableGauge",
    "NoOpObservableUpDownCounter", "NoOpUpDownCounter", "ObservableCounter", "ObservableGauge",
    "ObservableUpDownCounter", "Observation", "Synchronous", "UpDownCounter", "get_meter",
    "get_meter_provider", "set_meter_provider",
]
