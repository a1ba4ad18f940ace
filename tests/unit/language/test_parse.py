from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.errors import ParseError
from weftline.language.json_values import MAX_INT, MIN_INT
from weftline.language.parse import MAX_SIZE, parse_definition


def error_of(source: str | bytes, **options: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse_definition(source, **options)  # type: ignore[arg-type]
    return caught.value


def test_json_and_yaml_give_the_same_document() -> None:
    document = {"id": "a", "nodes": [{"id": "b", "n": 1, "f": 1.5, "t": True, "none": None, "text": "1"}]}
    yaml = 'id: a\nnodes:\n  - {id: b, n: 1, f: 1.5, t: true, none: null, text: "1"}\n'
    assert parse_definition(json.dumps(document)) == parse_definition(yaml) == document


def test_bytes_with_a_byte_order_mark_are_read() -> None:
    assert parse_definition(b'\xef\xbb\xbf{"id": "a"}') == {"id": "a"}


def test_yaml_keys_that_look_like_booleans_are_text() -> None:
    assert parse_definition("true: a\nfalse: b\non: c\nnull: d") == {"true": "a", "false": "b", "on": "c", "null": "d"}


def test_yaml_words_and_dates_are_text() -> None:
    source = "a: yes\nb: off\nc: 2020-01-01\nd: 12:30:00\ne: 0x10\nf: 1_000\ng: .inf"
    assert parse_definition(source) == {
        "a": "yes",
        "b": "off",
        "c": "2020-01-01",
        "d": "12:30:00",
        "e": "0x10",
        "f": "1_000",
        "g": ".inf",
    }


def test_yaml_merge_keys_have_no_meaning() -> None:
    assert parse_definition("'<<': {a: 1}") == {"<<": {"a": 1}}


@pytest.mark.parametrize(
    ("source", "message", "line", "column"),
    [
        ('{"a": 1,}', "not JSON", 1, 9),
        ('{"a": 1}\n}', "not JSON", 2, 1),
        ('{"a": 1, "a": 2}', "appears twice", 1, 10),
        ('{"a": tru}', "not JSON", 1, 7),
        ("a: [1,\nb", "not YAML", 3, 1),
        ("a: &x 1", "anchors", 1, 4),
        ("a: 1\nb: *x", "aliases", 2, 4),
        ("a: !!python/object:os.system ls", "tags", 1, 4),
        ("a: !x 1", "tags", 1, 4),
        ("a: 1\nb: 2\na: 3", "appears twice", 3, 1),
        ("a: 1\n---\nb: 2", "one document", 2, 1),
        ("? [a]\n: 1", "a key must be text", 1, 3),
        ("- a", "is an object", 1, 1),
        ("[1]", "is an object", 1, 1),
        ("just text", "is an object", 1, 1),
        ("", "empty", 1, 1),
        ('{"a": "x\0y"}', "NUL", 1, 9),
    ],
)
def test_malformed_sources_are_refused_with_their_place(source: str, message: str, line: int, column: int) -> None:
    error = error_of(source)
    assert message in error.message
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize("format", ["json", "yaml"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused_however_deep(format: str, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    for depth in (65, 500, 50_000):
        error = error_of('{"a":' + opening * depth + "1" + closing * depth + "}", format=format)
        assert "deeper than 64" in error.message
    assert "deeper than 64" in error_of('{"a":' + opening * 200_000, format=format).message


@pytest.mark.parametrize("format", ["json", "yaml"])
def test_sixty_four_levels_are_allowed(format: str) -> None:
    source = '{"a":' + "[" * 63 + "1" + "]" * 63 + "}"
    assert parse_definition(source, format=format)  # type: ignore[arg-type]
    assert "deeper" in error_of('{"a":' + "[" * 64 + "1" + "]" * 64 + "}", format=format).message


@pytest.mark.parametrize("format", ["json", "yaml"])
def test_integers_must_fit_in_64_bits(format: str) -> None:
    at_the_edge = {"a": MAX_INT, "b": MIN_INT}
    assert parse_definition(json.dumps(at_the_edge), format=format) == at_the_edge  # type: ignore[arg-type]
    for number in (str(MAX_INT + 1), str(MIN_INT - 1), "9" * 100, "9" * 10_000):
        assert "64 bits" in error_of(f'{{"a": {number}}}', format=format).message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(number: str) -> None:
    assert "not a JSON number" in error_of(f'{{"a": {number}}}').message


@pytest.mark.parametrize("source", ['{"a": "\\u0000"}', 'a: "\\0"', '{"\\u0000": 1}', '{"a": ["\\u0000"]}'])
def test_escaped_nul_characters_are_refused(source: str) -> None:
    assert "NUL" in error_of(source).message


def test_half_a_surrogate_pair_is_refused() -> None:
    assert "surrogate" in error_of('{"a": "\\ud800"}').message


def test_bytes_that_are_not_utf8_are_refused() -> None:
    assert "not UTF-8" in error_of(b'{"a": "\xff"}').message


def test_ten_megabytes_are_refused_unread() -> None:
    assert "bytes" in error_of(b"[" * 10_000_000).message
    assert "bytes" in error_of("é" * (MAX_SIZE // 2 + 1)).message


def test_a_text_of_nothing_but_escapes_is_scanned_once() -> None:
    assert "not JSON" in error_of('{"' + '\\"' * 1_000_000).message
    assert "deeper" in error_of("[" * 100_000 + '"' + '\\"' * 1_000_000).message


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(MIN_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", max_size=3), _json, max_size=3))
def test_every_json_object_is_read_as_it_is(document: dict[str, object]) -> None:
    assert parse_definition(json.dumps(document)) == document


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_document_or_refused(source: str) -> None:
    for format in ("json", "yaml"):
        with contextlib.suppress(ParseError):
            assert isinstance(parse_definition(source, format=format), dict)  # type: ignore[arg-type]
