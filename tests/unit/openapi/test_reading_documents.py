"""Documents are read from JSON and YAML, within bounds."""

from __future__ import annotations

import time

import pytest

from weftline.openapi import DocumentError, read_document
from weftline.openapi.bounds import MAX_BYTES


def test_json_and_yaml_come_to_the_same() -> None:
    text = '{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {}}}}}}'
    yaml = "openapi: '3.0.0'\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n"
    assert read_document(text) == read_document(yaml.encode())


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    assert read_document(b'\xef\xbb\xbf{"openapi": "3"}') == {"openapi": "3"}
    assert read_document('{"openapi": "ä"}'.encode("utf-16")) == {"openapi": "ä"}


def test_aliases_and_merge_keys_are_read() -> None:
    text = "base: &base {type: object, title: Base}\nown: {<<: *base, title: Own}\nsame: *base\n"
    found = read_document(text)
    assert found["own"] == {"type": "object", "title": "Own"}
    assert found["same"] is found["base"]


def test_dates_words_and_status_codes_stay_text() -> None:
    found = read_document("a: 2020-01-01\nb: yes\n200: ok\nc: !!str 12\nd: 0x1F\n")
    assert found == {"a": "2020-01-01", "b": "yes", "200": "ok", "c": "12", "d": "0x1F"}


def test_aliases_that_come_to_too_much_are_refused_before_they_cost_anything() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    began = time.perf_counter()
    with pytest.raises(DocumentError, match="what aliases repeat"):
        read_document("\n".join(lines))
    assert time.perf_counter() - began < 5


def test_an_alias_within_its_own_anchor_is_refused() -> None:
    with pytest.raises(DocumentError, match="holds itself"):
        read_document("a: &a {b: *a}")


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000])
def test_a_hundred_thousand_levels_are_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="deeper"):
        read_document(text)


def test_a_hundred_thousand_levels_of_yaml_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"deep|neither JSON nor YAML"):
        read_document("a: " + "[" * 100_000)
    with pytest.raises(DocumentError, match="deep"):
        read_document("\n".join(" " * n + "a:" for n in range(500)))


def test_numbers_and_texts_that_cannot_be_kept_are_made_fit() -> None:
    found = read_document('{"big": 18446744073709551615, "huge": 1e300, "nul": "a\\u0000b", "k\\u0000": 1}')
    assert found["big"] == pytest.approx(1.8446744073709552e19)
    assert found["nul"] == "a\N{REPLACEMENT CHARACTER}b"
    assert found["k\N{REPLACEMENT CHARACTER}"] == 1
    assert read_document("a: " + "9" * 399)["a"] is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("<!doctype html><title>API</title>", "documentation page"),
        ("[1, 2]", "a list"),
        ("just words", "no object"),
        ("a: b: c", "line 1"),
        (b"\xff\xfa\x00", "not UTF-8"),
        ("a: *nowhere", "no anchor 'nowhere'"),
        ("? [a]\n: b", "a key must be text"),
    ],
)
def test_what_is_no_document_is_refused_with_a_reason(content: str | bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_document(content)


def test_a_document_that_is_too_long_is_refused() -> None:
    with pytest.raises(DocumentError, match="longer than"):
        read_document(b" " * (MAX_BYTES + 1))
