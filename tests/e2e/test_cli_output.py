from __future__ import annotations

import pytest

from weftline.cli.output import span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.34, "340 ms"),
        (4.2, "4.2 s"),
        (200, "3 min 20 s"),
        (7_500, "2 h 5 min"),
        (3 * 86_400 + 4 * 3_600, "3 d 4 h"),
    ],
)
def test_a_span_is_told_in_the_units_that_people_use(seconds: float, text: str):
    assert span(seconds) == text
