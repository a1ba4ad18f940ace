"""Runs the customer onboarding with a customer who needs one reminder, and a compliance team that is content."""

from __future__ import annotations

import sys

from examples.demo import complete_task, play, send_signal

INPUT = {"email": "ada@example.com", "country": "CH", "reminderAfter": "1s"}


def main() -> int:
    """Run it; the exit code is that of ``weft run``."""
    waits = 0

    def answer(line: str) -> None:
        nonlocal waits
        waits += "verify-email" in line and "waiting" in line
        if waits == 2:
            send_signal(line, {"address": INPUT["email"]})
        complete_task(line, "--data", '{"verified": true}')

    return play("customer_onboarding", INPUT, answer)


if __name__ == "__main__":
    sys.exit(main())
