"""How GraphQL is answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class GraphQLOptions:
    """How GraphQL is answered.

    Attributes:
        introspection: the schema may be asked for.
        explorer: there is a page on which people can write operations.
        listed: texts of the only operations that are answered; None: any is.
        max_depth: levels of fields of an operation.
        max_cost: what an operation may cost; see ``limits``.
        max_answer: bytes of an operation's answer.
    """

    introspection: bool = True
    explorer: bool = False
    listed: Collection[str] | None = None
    max_depth: int = 15
    max_cost: int = 30_000
    max_answer: int = 16_777_216


def read_list(path: Path) -> Collection[str]:
    """The texts of the operations in a file.

    Args:
        path: of a JSON object whose values are the texts, as the compilers of GraphQL clients write it.

    Raises:
        ValueError: it is something else; says what is wrong.
        OSError: it cannot be read.
    """
    try:
        listed: Any = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    match listed:
        case {**texts} if all(isinstance(text, str) for text in texts.values()):
            return [str(text) for text in texts.values()]
        case _:
            raise ValueError(f"{path}: must be a JSON object whose values are operations' texts")
