"""The type of a context."""


class Context(dict):
    """A dictionary that cannot be changed."""

    def __setitem__(self, key, value):
        raise ValueError("a Context cannot be changed; set_value() makes a new one")
