"""Whether what a span stands for went well."""
from enum import Enum


class StatusCode(Enum):
    UNSET = 0
    OK = 1
    ERROR = 2


class Status:
    def __init__(self, status_code=StatusCode.UNSET, description=None):
        self._status_code = status_code
        is_told = isinstance(description, str) and status_code is StatusCode.ERROR
        self._description = description if is_told else None

    @property
    def status_code(self):
        return self._status_code

    @property
    def description(self):
        return self._description

    @property
    def is_ok(self):
        return self.is_unset or self._status_code is StatusCode.OK

    @property
    def is_unset(self):
        return self._status_code is StatusCode.UNSET
