"""Names for integrations and actions.

A name stays what it is when a changed document is imported again, for definitions call it: an operation keeps its
``operationId``, else the name that it had under its method and path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_NAME = 100
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_WORDS = re.compile(r"[A-Za-z0-9]+")
_PARAMETER = re.compile(r"\{([^{}/]*)\}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an operation would like to be called.

    Attributes:
        method, path: the operation's.
        wanted: its ``operationId``, '' where it has none.
    """

    method: str
    path: str
    wanted: str


def integration_name(title: str) -> str:
    """What an integration of this title may be called: ``Swagger Petstore - OpenAPI 3.0`` is ``swagger-petstore``."""
    words = [word.lower() for word in _WORDS.findall(title)]
    kept = [word for word in words if word not in ("api", "openapi", "rest", "the", "v1", "v2", "v3")]
    kept = [word for word in kept if not word.isdigit()] or words
    name = "-".join(kept)[:40].strip("-")
    return name if name[:1].isalpha() else f"api-{name}".strip("-")


def action_names(claims: Sequence[Claim], known: Mapping[tuple[str, str], str]) -> list[str]:
    """A name for each operation, all of them different, whatever order they are in.

    Args:
        claims: the operations.
        known: names from an earlier import, by method and path.
    """
    wanted = [name_of(claim.wanted) for claim in claims]
    earlier = set(known.values())
    names: list[str | None] = [None] * len(claims)
    taken: set[str] = set()
    asked = {name for name in wanted if name}

    def give(index: int, name: str) -> bool:
        if name in taken or not name:
            return False
        taken.add(name)
        names[index] = name
        return True

    # whoever had a name and still asks for it, keeps it
    order = sorted(range(len(claims)), key=lambda index: _rank(claims[index]))
    for index in order:
        claim = claims[index]
        if wanted[index] and known.get((claim.method, claim.path)) == wanted[index]:
            give(index, wanted[index])
    # who moved takes it along; whose operation got another id, keeps the name that definitions call it by
    for index in order:
        if names[index] is None and wanted[index] in earlier:
            give(index, wanted[index])
    for index in order:
        former = known.get((claims[index].method, claims[index].path), "")
        if names[index] is None and former and (former not in asked or former not in taken):
            give(index, former)
    for index in order:
        if names[index] is None:
            claim = claims[index]
            by_path = name_of_path(claim.method, claim.path)
            digest = hashlib.sha256(f"{claim.method} {claim.path}".encode()).hexdigest()
            base = wanted[index] or by_path
            joined = shortened(f"{base}_{by_path}")
            _ = give(index, base) or give(index, joined) or give(index, f"{base[:80]}_{digest[:12]}")
            number = 2
            while names[index] is None:
                give(index, f"{base[:80]}_{number}")
                number += 1
    return [name or "" for name in names]


def _rank(claim: Claim) -> tuple[int, str, str]:
    """Who comes first where several want one name."""
    return len(claim.path), claim.path, claim.method


def name_of(operation_id: str) -> str:
    """An ``operationId`` as the name of an action; '' where nothing of it can be one.

    ``Get a pet`` is ``getAPet``, and ``issues/create-comment`` is ``issues.create-comment``.
    """
    text = operation_id.strip().replace("/", ".")
    if " " in text:
        words = _WORDS.findall(text)
        text = words[0][:1].lower() + words[0][1:] if words else ""
        text += "".join(word[:1].upper() + word[1:] for word in words[1:])
    text = re.sub(r"\.{2,}", ".", _NO_NAME.sub("_", text)).strip("_.-")
    if text[:1].isdigit():
        text = f"_{text}"
    return shortened(text)


def name_of_path(method: str, path: str) -> str:
    """``GET /pets/{petId}/photos`` is ``getPetsByPetIdPhotos``."""
    parts: list[str] = []
    for segment in path.partition("?")[0].split("/"):
        spelled = _PARAMETER.sub(lambda found: f" by {found[1]} ", segment)
        parts += [word[:1].upper() + word[1:] for word in _WORDS.findall(spelled)]
    return shortened(method.lower() + "".join(parts))


def shortened(name: str) -> str:
    """A name, at most so long as one may be; long ones end in a digest of the whole."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
