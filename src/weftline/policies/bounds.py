"""What the text of a policy must not exceed, looked at before Cedar reads any of it.

Nothing in Cedar loops, but Cedar reads, checks and frees a policy by recursion, unguarded: a hundred parentheses
overflow the stack of a thread with 512 KB, a thousand one with 8 MB, and the process is gone. Chains of operators do
the same at greater length, and checking ``has a.b.c…`` takes time that grows with the cube of the path. Within these
bounds all of it stays far from either, on any platform's threads.

The words are cut as Cedar cuts them, so that nothing can hide in what looks like a string or a comment.
"""

from __future__ import annotations

import re

from weftline.policies.problems import PolicyProblem, problem_at

MAX_BYTES = 16 * 1024
MAX_WORDS = 800
MAX_DEPTH = 20
MAX_BRANCHES = 20
MAX_PATH = 8

_WORD = re.compile(
    r"""
      (?P<blank>\s+|//[^\n\r]*)
    | (?P<string>"(?:\\[^\n]|[^"\\])*")
    | (?P<slot>\?[A-Za-z_]\w*)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<dot>\.)
    | (?P<other>\d+|::|[=!<>]=|&&|\|\||.)
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def find_excess(source: str) -> PolicyProblem | None:
    """Why ``source`` must not be given to Cedar; None where it may. Any text is safe here."""
    # a character has a byte at least, so that a huge text is not encoded
    if len(source) > MAX_BYTES or len(source.encode(errors="surrogatepass")) > MAX_BYTES:
        return PolicyProblem(f"the policy is longer than {MAX_BYTES} bytes", "too_large")
    words = depth = branches = path = 0
    before = ""
    for match in _WORD.finditer(source):
        kind = match.lastgroup
        if kind == "blank":
            continue
        words += 1
        depth += (kind == "open") - (kind == "close")
        branches += match[0] == "if"
        if kind == "dot":
            path += 1
        elif kind != "name" or before == "name":
            path = 0
        before = kind
        if kind == "slot":
            message = f"{match[0]} makes this a template, which nothing would fill in"
            return problem_at(source, match.start(), message, "template_slot")
        if (message := _excess(words, depth, branches, path)) is not None:
            return problem_at(source, match.start(), message, "too_complex", "Split it into several policies.")
    return None


def _excess(words: int, depth: int, branches: int, path: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"brackets nest deeper than {MAX_DEPTH} levels"
    if branches > MAX_BRANCHES:
        return f"the policy has more than {MAX_BRANCHES} ifs"
    if path > MAX_PATH:
        return f"a path has more than {MAX_PATH} parts"
    if words > MAX_WORDS:
        return f"the policy has more than {MAX_WORDS} words and signs"
    return None
