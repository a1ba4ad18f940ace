"""Contents of files are read into values and written from them, and nothing hostile in them does harm."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.authoring.errors import ActionError
from weftline.connectors import files as _  # noqa: F401 - registers the actions
from weftline.testing.connectors import call


async def failure(action: str, **input: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        await call(action, None, **input)
    return caught.value


async def test_csv_becomes_objects_by_column() -> None:
    content = '\ufeffname,note\r\nAda,"says ""hi"", then\nleaves"\r\n\r\nBob\r\n'
    answer = await call("files.parseCsv", None, content=content)
    assert answer == {
        "columns": ["name", "note"],
        "rows": [{"name": "Ada", "note": 'says "hi", then\nleaves'}, {"name": "Bob"}],
    }


async def test_csv_without_a_header_becomes_lists() -> None:
    answer = await call("files.parseCsv", None, content="a;b\nc;d", delimiter=";", header=False)
    assert answer == {"columns": [], "rows": [["a", "b"], ["c", "d"]]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2,3\n", "line 2 has 3 cells"),
        ("a,a\n1,2\n", "two columns have one name"),
        ('a\n"open\n', "no CSV"),
    ],
)
async def test_broken_csv_is_refused_with_its_place(content: str, said: str) -> None:
    error = await failure("files.parseCsv", content=content)
    assert (error.code, error.retryable) == ("invalid_input", False)
    assert said in error.message


async def test_csv_with_too_many_rows_is_refused() -> None:
    assert (await failure("files.parseCsv", content="a\n" + "1\n" * 100_001)).code == "answer_too_large"


async def test_a_huge_cell_is_read() -> None:
    answer = await call("files.parseCsv", None, content="a\n" + "x" * 1_000_000)
    assert len(answer["rows"][0]["a"]) == 1_000_000


async def test_what_spreadsheets_would_run_is_written_as_text() -> None:
    rows = [{"a": text} for text in ("=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "-5", "+49 1", "plain")]
    answer = await call("files.writeCsv", None, rows=rows, header=False)
    assert answer["content"].split("\r\n")[:-1] == [
        "'=1+1", "'+cmd|x", "'-2+3", "'@SUM(A1)", "'\t=1", "-5", "'+49 1", "plain",
    ]  # fmt: skip
    written = await call("files.writeCsv", None, rows=[["=1+1"]], escapeFormulas=False)
    assert written["content"] == "=1+1\r\n"


async def test_csv_that_was_written_is_read_as_the_same() -> None:
    rows = [{"a": 'x"y', "b": "1,2"}, {"a": "line\nbreak", "b": ""}]
    written = await call("files.writeCsv", None, rows=rows)
    assert (await call("files.parseCsv", None, content=written["content"]))["rows"] == rows


async def test_a_row_with_an_unknown_column_is_not_written() -> None:
    error = await failure("files.writeCsv", rows=[{"a": 1}, {"a": 2, "b": 3}])
    assert "row 1 has 'b'" in error.message


async def test_json_is_read_and_written() -> None:
    assert await call("files.parseJson", None, content="[1, null]") == {"value": [1, None]}
    assert await call("files.writeJson", None, value={"a": "ü"}) == {"content": '{"a":"ü"}'}
    written = await call("files.writeJson", None, value={"a": [1]}, indented=True)
    assert json.loads(written["content"]) == {"a": [1]} and "\n" in written["content"]
    assert (await failure("files.parseJson", content="{'a'}")).code == "invalid_input"
    assert (await failure("files.parseJson", content="[" * 100_000)).code == "invalid_input"


async def test_xml_becomes_a_value_and_is_written_back() -> None:
    content = '<a:order xmlns:a="urn:a" id="7">note<item>Pen &amp; ink</item><item/><total cur="€">5</total></a:order>'
    answer = await call("files.parseXml", None, content=content)
    value = {
        "a:order": {
            "@xmlns:a": "urn:a",
            "@id": "7",
            "item": ["Pen & ink", None],
            "total": {"@cur": "€", "#text": "5"},
            "#text": "note",
        }
    }
    assert answer == {"value": value}
    written = await call("files.writeXml", None, value=value)
    assert (await call("files.parseXml", None, content=written["content"]))["value"] == value
    indented = await call("files.writeXml", None, value={"a": {"b": ["1", "2"]}}, indented=True)
    assert "\n  <b>1</b>\n" in indented["content"]


async def test_one_element_can_be_a_list() -> None:
    answer = await call("files.parseXml", None, content="<a><b>1</b></a>", lists=["b"])
    assert answer["value"] == {"a": {"b": ["1"]}}


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/evil.dtd"><r/>',
    ],
    ids=["bomb", "file", "fetched"],
)
async def test_xml_with_a_document_type_is_refused(content: str) -> None:
    error = await failure("files.parseXml", content=content)
    assert error.code == "invalid_input"
    assert "document type" in error.message


@pytest.mark.parametrize(
    "content", ["", "<a>", "<a></b>", "<a/><b/>", "text", "<a>&unknown;</a>", "<a>" * 10_000], ids=repr
)
async def test_broken_xml_is_refused(content: str) -> None:
    assert (await failure("files.parseXml", content=content)).code == "invalid_input"


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": 2},
        {"a": ["1", "2"]},
        {"a b": "1"},
        {"a><evil": "1"},
        {"a": {"@x='1' y": "2"}},
        {"a": {"@x": {}}},
        {"a": {"b": [["1"]]}},
        {"a": "\x01"},
    ],
    ids=repr,
)
async def test_what_xml_cannot_say_is_not_written(value: Any) -> None:
    assert (await failure("files.writeXml", value=value)).code == "invalid_input"


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r", min_codepoint=32), min_size=1))
async def test_any_text_survives_xml(text: str) -> None:
    try:
        written = await call("files.writeXml", None, value={"a": {"@b": text, "#text": f"x{text}x"}})
    except ActionError as error:
        assert "control character" in error.message
        return
    answer = await call("files.parseXml", None, content=written["content"])
    assert answer["value"] == {"a": {"@b": text, "#text": f"x{text}x"}}


@pytest.mark.parametrize("format", ["gzip", "deflate"])
async def test_what_was_compressed_is_decompressed(format: str) -> None:
    packed = await call("files.compress", None, content="hello " * 1000, format=format)
    assert packed["encoding"] == "base64" and len(packed["content"]) < 200
    answer = await call("files.decompress", None, content=packed["content"], format=format)
    assert answer == {"content": "hello " * 1000, "encoding": "text"}


async def test_gzip_of_several_parts_is_one_content() -> None:
    content = base64.b64encode(gzip.compress(b"one ") + gzip.compress(b"\xff")).decode()
    answer = await call("files.decompress", None, content=content)
    assert base64.b64decode(answer["content"]) == b"one \xff"


async def test_a_bomb_is_not_unpacked() -> None:
    bomb = base64.b64encode(gzip.compress(b"\0" * 200_000_000, 9)).decode()
    assert len(bomb) < 300_000
    assert (await failure("files.decompress", content=bomb)).code == "answer_too_large"


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"cut" * 100)[:-9], zlib.compress(b"other")])
async def test_what_is_not_compressed_is_refused(content: bytes) -> None:
    error = await failure("files.decompress", content=base64.b64encode(content).decode())
    assert error.code == "invalid_input"


async def test_what_is_no_base64_is_refused() -> None:
    assert "no base64" in (await failure("files.decompress", content="§")).message
