"""Finding actions by what people type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weftline.features.integrations.directory import KnownAction, KnownIntegration

EXACT, BEGINS, IN_NAME, IN_TEXT = range(4)
"""How close something is to what was typed, the closest first."""


def words_of(query: str | None) -> Sequence[str]:
    """What was typed, in small letters, word by word."""
    return (query or "").lower().split()


def rank(words: Sequence[str], name: str, title: str, text: str) -> int | None:
    """How close something is to what was typed; None where a word is nowhere in it.

    Args:
        words: what was typed.
        name, title: of it.
        text: everything else that is said of it.
    """
    if not words:
        return EXACT
    name, title = name.lower(), title.lower()
    head = f"{name} {title}"
    typed = " ".join(words)
    if typed in (name, title, name.rpartition(".")[2]):
        return EXACT
    if all(word in head for word in words):
        begins = any(part.startswith(words[0]) for part in (name, name.rpartition(".")[2], title))
        return BEGINS if begins else IN_NAME
    text = f"{head} {text.lower()}"
    return IN_TEXT if all(word in text for word in words) else None


def found_actions(integrations: Iterable[KnownIntegration], words: Sequence[str]) -> list[tuple[int, KnownAction]]:
    """The actions in code that fit what was typed, with how close they are."""
    return [
        (close, action)
        for integration in integrations
        for action in integration.actions or ()
        if (close := rank(words, action.id, action.title, f"{integration.title} {action.description}")) is not None
    ]
