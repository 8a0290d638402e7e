"""The agent's table of functions (include/kolben/abi.h), found in the process itself.

`table()` is None without the agent. ctypes is loaded by the first call: most programs never make one.
"""

_table = None
_is_known = False


def table():
    global _table, _is_known
    if not _is_known:
        try:
            _table = _find()
        except Exception:  # Python without ctypes, an agent of another version
            _table = None
        _is_known = True
    return _table


class _Table:
    """The functions, each an attribute. They hold the GIL, which costs less than giving it up."""


def _find():
    import ctypes

    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    handle, integer = ctypes.c_uint64, ctypes.c_int

    class Text(ctypes.Structure):
        _fields_ = [("data", text), ("size", size)]

    # In the order of abi.h; those without types are not used here.
    members = [
        ("span_begin", None), ("span_attribute", None), ("span_event", None), ("span_status", None),
        ("span_end", None),
        ("request_route", (None, Text)), ("request_attribute", None),
        ("instrument", (handle, integer, Text, Text, Text)), ("record", None), ("log", None),
        ("traceparent", (size, text, size)),
        ("request", (handle,)), ("work_for", (None, handle, handle)),
        ("span_start", (handle, text, text)), ("span_finish", (None, handle, text, size)),
        ("log_packed", (None, text, size)),
        ("record_packed", (None, handle, ctypes.c_double, text, size)),
        ("request_packed", (None, text, size)), ("output_is_told", (None, integer)),
    ]

    class Layout(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("size", ctypes.c_uint32)]
        _fields_ += [(name, pointer) for name, _ in members]

    find = ctypes.PyDLL(None).kolben_agent_table
    find.restype = ctypes.POINTER(Layout)
    found = find()
    if not found or found.contents.size < ctypes.sizeof(Layout):
        return None
    result = _Table()
    result.buffer = ctypes.create_string_buffer
    result.text = lambda value: Text(value, len(value))
    for name, types in members:
        if types is not None:
            function = ctypes.PYFUNCTYPE(*types)(getattr(found.contents, name))
            setattr(result, name, function)
    return result
