"""Words for messages: what an author may have meant, and what they wrote."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_MAX_CANDIDATES = 2_000
_MAX_QUOTED = 80


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like ``name``, letter case aside, or None where none is.

    Only the first 2,000 candidates are looked at, so that a large definition full of mistakes stays cheap.
    """
    by_folded = {candidate.casefold(): candidate for candidate in islice(candidates, _MAX_CANDIDATES)}
    matches = get_close_matches(name.casefold()[:128], by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def quoted(source: str) -> str:
    """``source`` as it is quoted in a message: on one line and not too long."""
    line = " ".join(source.split())
    return f"`{line}`" if len(line) <= _MAX_QUOTED else f"`{line[:_MAX_QUOTED]}…`"
