"""Hiding secrets, and the stand-ins for them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from weftline.model.masking import Masker
from weftline.model.secrets import label, labelled, marker, may_hold_markers, replaced

SECRET = 's3cr"t/ö\\key and more'
FORMS = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET)[1:-1],
    "in JSON as UTF-8": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "in a URL's query": quote_plus(SECRET),
    "in a URL's path": quote(SECRET),
    "in hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_found_in_every_form(form: str) -> None:
    assert Masker([SECRET]).text(f"before {form} after") == "before *** after"


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "another:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_within_something_encoded_as_a_whole_is_not_decoded_again(before: str, encode: object) -> None:
    assert callable(encode)
    encoded = encode(f"{before}{SECRET}@example".encode()).decode()
    hidden = Masker([SECRET]).text(encoded)
    assert "***" in hidden
    # what is left are the ends, in which neighbours have their part
    assert len(hidden.replace("***", "")) < len(encoded) - len(SECRET)


def test_values_are_masked_at_any_depth_with_their_keys_and_numbers() -> None:
    masker = Masker(["12345678", "longer than 12345678"])
    value = {"a": ["x12345678", 12345678, {"12345678": None}], "b": True, "c": "longer than 12345678!"}
    assert masker.json(value) == {"a": ["x***", "***", {"***": None}], "b": True, "c": "***!"}


def test_the_lines_of_a_long_secret_are_hidden_by_themselves() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAAAA\n-----END KEY-----\n"
    assert Masker([key]).text("at MIIEvQIBADANBgkqhkiG: AAAA") == "at ***: AAAA"


def test_a_long_chain_of_certificates_is_hidden_line_by_line_in_few_forms() -> None:
    lines = [base64.b64encode(bytes([number]) * 48).decode() for number in range(250)]
    masker = Masker(["\n".join(lines)])
    assert masker.text(f"{lines[0]} and {lines[249]}") == "*** and ***"
    assert masker._pattern is not None
    assert masker._pattern.pattern.count("|") < 2 * len(lines)


def test_without_secrets_nothing_changes() -> None:
    assert Masker([]).json({"a": [1, "b"]}) == {"a": [1, "b"]}


def test_markers_are_replaced_wherever_they_are_and_nothing_else_is() -> None:
    code = "0f" * 16
    value = {"a": [f"Bearer {marker('TOKEN', code)}", 1, None], "b": "secret:TOKEN", "c": marker("TOKEN", "xyz")}
    assert replaced(value, lambda name, found: f"<{name} {found[:2]}>") == {
        "a": ["Bearer <TOKEN 0f>", 1, None],
        "b": "secret:TOKEN",
        "c": marker("TOKEN", "xyz"),
    }
    assert labelled(value)["a"][0] == f"Bearer {label('TOKEN')}"
    assert may_hold_markers(json.dumps(value, ensure_ascii=False).encode())
    assert not may_hold_markers(b'{"b": "secret:TOKEN"}')
