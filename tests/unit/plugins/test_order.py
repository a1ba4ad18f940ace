"""In which order plugins start, and what is said of those that cannot."""

from __future__ import annotations

import itertools

import pytest

from weftline.authoring.plugin import Plugin
from weftline.plugins import in_order


def plugin(id: str, version: str = "1.0", requires: str = "", **needs: str) -> Plugin:
    attributes = {"id": id, "name": id, "version": version, "requires": requires, "dependencies": needs}
    return type(id, (Plugin,), attributes)()


def ids(plugins: list[Plugin]) -> list[str]:
    return [each.id for each in plugins]


def refusal(*plugins: Plugin, platform: str = "1.0", broken: dict[str, str] | None = None) -> dict[str, str]:
    return {each.id: each.reason for each in in_order(plugins, platform, broken)[1]}


def test_each_starts_after_those_that_it_needs_and_else_by_id() -> None:
    order, refused = in_order([plugin("c"), plugin("b", a=">=1"), plugin("a", c="<2"), plugin("d")], "1.0")
    assert ids(order) == ["c", "d", "a", "b"]
    assert refused == []


def test_a_missing_plugin_and_a_wrong_version_are_named() -> None:
    assert refusal(plugin("a", b=">=2,<3")) == {"a": "it needs the plugin 'b' >=2,<3, which is not installed"}
    assert refusal(plugin("a", b=">=2"), plugin("b", "1.9")) == {"a": "it needs 'b' >=2; installed is 1.9"}


def test_a_pre_release_may_meet_a_range() -> None:
    assert refusal(plugin("a", b=">=2.0a1"), plugin("b", "2.0b3")) == {}


@pytest.mark.parametrize("own", [{"version": "one"}, {"requires": "about 1"}])
def test_what_is_no_version_and_no_range_is_refused(own: dict[str, str]) -> None:
    assert "PEP 440" in refusal(plugin("a", **own))["a"]


def test_a_plugin_for_another_weftline_is_refused() -> None:
    assert refusal(plugin("a", requires=">=2"), platform="1.4.1") == {"a": "it is for Weftline >=2; this is 1.4.1"}


def test_a_circle_is_named_whole_and_others_go_on() -> None:
    order, refused = in_order([plugin("a", b=""), plugin("b", c=""), plugin("c", a=""), plugin("d")], "1.0")
    assert ids(order) == ["d"]
    assert {each.id for each in refused} == {"a", "b", "c"}
    for each in refused:
        way = each.reason.removeprefix("plugins need each other in a circle: ").split(" → ")
        assert way[0] == way[-1]
        needs = {"a": "b", "b": "c", "c": "a"}
        assert all(needs[one] == other for one, other in itertools.pairwise(way))


def test_two_circles_are_both_found() -> None:
    reasons = refusal(plugin("a", b=""), plugin("b", a=""), plugin("x", y=""), plugin("y", x=""))
    assert set(reasons) == {"a", "b", "x", "y"}


def test_who_needs_what_cannot_start_says_so() -> None:
    reasons = refusal(plugin("a", b=""), plugin("b", c=""), plugin("c", requires=">=9"))
    assert reasons["b"] == "it needs 'c', which cannot start: it is for Weftline >=9; this is 1.0"
    assert reasons["a"].startswith("it needs 'b', which cannot start: it needs 'c'")
    assert refusal(plugin("a", b=""), broken={"b": "cannot be imported"}) == {
        "a": "it needs 'b', which cannot be used: cannot be imported"
    }
