"""The secrets that an attempt is given, and hiding them in whatever comes of it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO, cast

from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.model.masking import Masker

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Secrets:
    """The values that one attempt has been given."""

    __slots__ = ("_known", "_values")

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._known = (0, Masker(()))

    def add(self, value: str) -> None:
        """The attempt gets to know this one; until :meth:`close` it is hidden in what the process prints as well."""
        if value not in self._values:
            self._values.add(value)
            _in_use.add(self)

    def add_all(self, values: AbstractSet[str], masker: Masker) -> None:
        """The attempt gets to know several, which a masker hides already; as with :meth:`add`."""
        if values <= self._values:
            return
        is_all = self._values <= values
        self._values |= values
        if is_all:
            self._known = (len(self._values), masker)
        _in_use.add(self)

    @property
    def masker(self) -> Masker:
        """Hides them; made once for all that were added, as that takes time."""
        # what is printed in threads is hidden by it too: there are only ever more values, so their number says which
        count = len(self._values)
        if self._known[0] != count:
            self._known = (count, Masker(list(self._values)))
        return self._known[1]

    def close(self) -> None:
        """The attempt has ended."""
        _in_use.discard(self)

    def text(self, text: str) -> str:
        """A text without the secrets."""
        return self.masker.text(text)

    def json(self, value: Any) -> Any:
        """A JSON value without them."""
        return self.masker.json(value)

    def fields(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON object without them, whose own names are the platform's."""
        return self.masker.fields(value)

    def trace(self, error: BaseException) -> str:
        """An exception's trace without them."""
        return self.text("".join(traceback.format_exception(error)))

    def outcome(self, outcome: ActionCompleted | ActionFailed) -> ActionCompleted | ActionFailed:
        """What became of the attempt, without them."""
        hide = self.masker.json
        if isinstance(outcome, ActionCompleted):
            report = None if outcome.report is None else self.fields(outcome.report)
            return replace(outcome, output=hide(outcome.output), data=hide(outcome.data), report=report)
        return replace(outcome, error=self.masker.error(outcome.error))


_in_use: set[Secrets] = set()
"""Those of the attempts at work in this process."""


class MaskingLogger:
    """A structlog logger in whose entries an attempt's secrets are hidden, also those that it gets to know later.

    Args:
        logger: where entries go.
        secrets: the attempt's, as they are by then; None while there are none.
    """

    def __init__(self, logger: FilteringBoundLogger, secrets: Callable[[], Secrets | None]) -> None:
        self._logger = logger
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._logger, name)
        if not callable(method):
            return method

        def call(*args: Any, **fields: Any) -> Any:
            if name == "exception":
                fields.setdefault("exc_info", True)
            result = method(*(self._hidden(each) for each in args), **self._fields(fields))
            is_logger = name in ("bind", "new", "unbind", "try_unbind")
            return MaskingLogger(cast("FilteringBoundLogger", result), self._secrets) if is_logger else result

        return call

    def _fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        secrets = self._secrets()
        if secrets is not None and isinstance(error := _error_of(fields.get("exc_info")), BaseException):
            fields = {**fields, "exc_info": None, "exception": secrets.trace(error)}
        return {name: self._hidden(value) for name, value in fields.items()}

    def _hidden(self, value: Any) -> Any:
        secrets = self._secrets()
        if secrets is None or value is None or isinstance(value, bool):
            return value
        if isinstance(value, str | int | float | list | tuple | dict):
            return secrets.json(value)
        # whatever it is, an entry holds its text
        text = str(value)
        hidden = secrets.text(text)
        return value if hidden == text else hidden


class MaskingStream:
    """A text stream that hides the secrets of the attempts at work in what is written to it.

    For the output of a worker's process: what an action prints, and what libraries that it calls log.

    Args:
        stream: where text goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text without secrets; returns its own length."""
        hidden = text
        # many attempts may have been given the same ones
        for masker in {secrets.masker for secrets in list(_in_use)}:
            hidden = masker.text(hidden)
        self._stream.write(hidden)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts without secrets."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def masked_output() -> Generator[None]:
    """What this process prints, while the context is open, shows no secret of an attempt at work."""
    out, err = MaskingStream(sys.stdout), MaskingStream(sys.stderr)
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        yield


def _error_of(exc_info: Any) -> BaseException | None:
    """The exception that ``exc_info`` of a log entry means."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return cast("tuple[Any, Any, Any]", exc_info)[1]
    return sys.exc_info()[1] if exc_info else None
