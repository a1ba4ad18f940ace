"""Runs the purchase approval with a team lead who agrees."""

from __future__ import annotations

import sys

from examples.demo import complete_task, play

INPUT = {"item": "a standing desk", "amount": 480, "requester": "ada"}


def main() -> int:
    """Run it; the exit code is that of ``weft run``."""
    return play("approval", INPUT, lambda line: complete_task(line, "--outcome", "approved"))


if __name__ == "__main__":
    sys.exit(main())
