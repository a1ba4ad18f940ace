"""How one activation of a node is named in the log.

A node may run several times in an execution: in several branches at once, and again and again in a cycle. A step's
key says which activation is meant::

    reserve                     the first activation of node "reserve"
    reserve~3                   its third
    reserve@split:1:0           its first in branch 0 of the first activation of the parallel node "split"
    pay@split:1:0/inner:1:2     nested: branch 2 of "inner", which runs in branch 0 of "split"

    !reserve~3                  what undoes its third
    split@split:1:0             branch 0 itself: what undoes a whole branch is known by ``!split@split:1:0``

Iterations of loops have scopes as branches of parallel nodes do. The part after ``@`` is the *scope*; node and scope
together, without the activation's number, are the *place*.
"""

from __future__ import annotations

from functools import lru_cache

ROOT = ""
"""The scope outside every parallel node and loop."""

UNDO = "!"
"""What the key of an activation that undoes another begins with."""


def place_of(node: str, scope: str) -> str:
    """The place of ``node`` in ``scope``."""
    return f"{node}@{scope}" if scope else node


def key_of(node: str, scope: str, visit: int) -> str:
    """The key of activation number ``visit`` (from 1) of ``node`` in ``scope``."""
    name = node if visit == 1 else f"{node}~{visit}"
    return f"{name}@{scope}" if scope else name


def parse_key(key: str) -> tuple[str, str, int]:
    """The inverse of :func:`key_of`: node, scope, visit; of an undoing key those of the step that is undone."""
    name, _, scope = key.partition("@")
    node, _, visit = name.partition("~")
    if node[0] == UNDO:
        node = node[1:]
    return node, scope, int(visit) if visit else 1


def undo_key(key: str) -> str:
    """The key of the activation that undoes the step of ``key``."""
    return UNDO + key


def branch_scope(node: str, scope: str, visit: int, branch: int) -> str:
    """The scope of a branch of the parallel node's activation."""
    own = f"{node}:{visit}:{branch}"
    return f"{scope}/{own}" if scope else own


def branch_prefix(node: str, scope: str, visit: int) -> str:
    """What the scopes of all branches of the parallel node's activation, and the scopes inside them, begin with."""
    own = f"{node}:{visit}:"
    return f"{scope}/{own}" if scope else own


@lru_cache(maxsize=10_000)  # asked again and again for the branches and iterations at work
def owner_of(scope: str) -> tuple[str, int]:
    """The key of the parallel step that a (non-root) scope belongs to, and the branch's number."""
    parent, _, own = scope.rpartition("/")
    node, visit, branch = own.rsplit(":", 2)
    return key_of(node, parent, int(visit)), int(branch)


def depth_of(scope: str) -> int:
    """How many parallel nodes are around ``scope``."""
    return scope.count("/") + 1 if scope else 0


def is_within(scope: str, outer: str) -> bool:
    """Whether ``scope`` is ``outer`` or lies inside it."""
    return not outer or scope == outer or scope.startswith(outer + "/")
