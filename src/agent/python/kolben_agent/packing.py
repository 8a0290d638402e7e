"""Telemetry as the bytes that the agent's table takes: "packed" in include/kolben/abi.h.

A record of the ring holds 32 KiB: what would not fit is left out here, whole attributes at a time; of spans
and log records it is counted.
"""
from struct import Struct

STRING, BOOL, INT, DOUBLE, LIST = 1, 2, 3, 4, 5
TEXT_BYTES_MAX = 8 * 1024  # of one text
ATTRIBUTES_BYTES_MAX = 12 * 1024
EVENTS_BYTES_MAX = 14 * 1024
LINKS_BYTES_MAX = 2 * 1024
BODY_BYTES_MAX = 12 * 1024
NAME_BYTES_MAX = 512
LIST_ITEMS_MAX = 256

_header = Struct("=BI").pack
_size = Struct("=I").pack
_long = Struct("=q").pack
_double = Struct("=d").pack
_event = Struct("=QII").pack
_span = Struct("=QQIIIIIIIIIIII").pack
_log = Struct("=QiIIIII").pack
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


def text(value, bytes_max=NAME_BYTES_MAX):
    encoded = value.encode("utf-8", "replace") if isinstance(value, str) else str(value).encode(
        "utf-8", "replace")
    if len(encoded) <= bytes_max:
        return encoded
    return encoded[:bytes_max].decode("utf-8", "ignore").encode()


def _value(value):
    """Its type and bytes; None: it is no attribute's value."""
    if isinstance(value, str):
        encoded = text(value, TEXT_BYTES_MAX)
        return STRING, _size(len(encoded)) + encoded
    if isinstance(value, bool):
        return BOOL, b"\1" if value else b"\0"
    if isinstance(value, int):
        return (INT, _long(value)) if _INT_MIN <= value <= _INT_MAX else _value(str(value))
    if isinstance(value, float):
        return DOUBLE, _double(value)
    if isinstance(value, bytes):
        return _value(value.decode("utf-8", "replace"))
    if isinstance(value, (list, tuple)):
        items = [_value(item) for item in value[:LIST_ITEMS_MAX]]
        whole = b"".join(bytes((item[0],)) + item[1] for item in items
                         if item is not None and item[0] != LIST)
        return LIST, _size(len(whole)) + whole
    return None


def attributes(mapping, bytes_max=ATTRIBUTES_BYTES_MAX):
    return _counted_attributes(mapping, bytes_max)[0]


def _counted_attributes(mapping, bytes_max=ATTRIBUTES_BYTES_MAX):
    """And how many did not fit."""
    if not mapping:
        return b"", 0
    parts, left, dropped = [], bytes_max, 0
    for key, value in mapping.items():
        packed = _value(value)
        if packed is None or not key or not isinstance(key, str):
            continue
        name = text(key)
        part = _header(packed[0], len(name)) + name + packed[1]
        if len(part) <= left:
            parts.append(part)
            left -= len(part)
        else:
            dropped += 1
    return b"".join(parts), dropped


def event(name, time, mapping):
    encoded, packed = text(name), attributes(mapping)
    return _event(time, len(encoded), len(packed)) + encoded + packed


def link(trace_id, span_id, mapping):
    packed = attributes(mapping, LINKS_BYTES_MAX)
    return trace_id.to_bytes(16, "big") + span_id.to_bytes(8, "big") + _size(len(packed)) + packed


def _join(parts, bytes_max):
    kept, left = [], bytes_max
    for part in parts:
        if len(part) <= left:
            kept.append(part)
            left -= len(part)
    return b"".join(kept), len(parts) - len(kept)


def span(name, kind, start_time, end_time, status, message, scope, version, mapping, events, links,
         dropped_events=0, dropped_links=0):
    """`dropped_events`, `dropped_links`: how many there were beside those that are given."""
    packed, dropped_attributes = _counted_attributes(mapping)
    packed_events, beyond_events = _join(events, EVENTS_BYTES_MAX)
    packed_links, beyond_links = _join(links, LINKS_BYTES_MAX)
    texts = (text(name), text(message), text(scope), text(version), packed, packed_events,
             packed_links)
    sizes = [len(part) for part in texts]
    return _span(start_time, end_time, kind, status, *sizes, dropped_attributes,
                 dropped_events + beyond_events, dropped_links + beyond_links) + b"".join(texts)


def log(time, severity, level, scope, body, mapping):
    packed, dropped = _counted_attributes(mapping)
    texts = text(level), text(scope), text(body, BODY_BYTES_MAX), packed
    sizes = [len(part) for part in texts]
    return _log(time, severity, *sizes, dropped) + b"".join(texts)
