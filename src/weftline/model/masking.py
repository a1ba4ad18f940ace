"""Hides the values of secrets in whatever an action says: its output, its errors, what it logs."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, quote_plus

MASK = "***"

MIN_LENGTH = 4
"""Characters of the shortest secret; hiding shorter ones would hide half of everything else."""

_MIN_LINE = 12
"""Characters of a line of a secret that is hidden by itself too."""


class Masker:
    """Replaces secrets by ``***``.

    It finds them as they are, a line by itself, and as they look in JSON text, in a URL, in hexadecimal and in base64
    (also within something longer that was encoded as a whole, such as Basic credentials).

    Args:
        secrets: the values.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret) if len(form) >= MIN_LENGTH}
        # the longest first: one secret may be part of another
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def text(self, text: str) -> str:
        """A text without secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def fields(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON object without secrets whose own names are the platform's, and stay."""
        return {name: self.json(item) for name, item in value.items()}

    def error(self, error: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON of a WorkflowError without secrets; which step failed stays."""
        kept = {"stepId": error["stepId"]} if "stepId" in error else {}
        return {**self.fields(error), **kept}

    def json(self, value: Any) -> Any:
        """A JSON value without secrets; a number that is one is hidden too. The value itself stays as it is."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.json(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            fields = cast("dict[Any, Any]", value)
            return {self.json(key): self.json(item) for key, item in fields.items()}
        if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._secrets:
            return MASK
        return value


def _forms(secret: str) -> Iterator[str]:
    for line in secret.splitlines():
        # in few forms: a chain of certificates has hundreds of lines, and looking for each form takes time
        if len(line) >= _MIN_LINE:
            yield line
            yield json.dumps(line)[1:-1]
    data = secret.encode()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield data.hex()
    yield data.hex().upper()
    yield from _encoded(data)


def _encoded(data: bytes) -> Iterator[str]:
    """Base64 of the data wherever it begins within something longer: three ways, less what neighbours share in."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data)
        first = -(-before * 8 // 6)
        whole = (before + len(data)) * 8 // 6
        for text in (encoded, encoded.translate(_URL_SAFE)):
            yield text[first:whole].decode()


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
