"""Overlays change a workflow, and keep it whole; whatever does not fit is told with its place."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from weftline_market_roles.overlay import applied, read_overlay
from weftline_market_roles.overlay_errors import OverlayError

Step = dict[str, Any]


def step(id: str, *following: str, **fields: Any) -> Step:
    made: Step = {"id": id, "type": "action", "action": "echo", **fields}
    if following:
        made["next"] = following[0] if len(following) == 1 else list(following)
    return made


FORM: Step = {
    "id": "form",
    "type": "form",
    "form": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "points": {"type": "array", "items": {"type": "object", "properties": {"ean": {"type": "string"}}}},
        },
    },
    "next": "approve",
}
BASE: Step = {
    "id": "base",
    "input": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
    "output": {"kept": "yes"},
    "nodes": [
        FORM,
        {"id": "approve", "type": "approval", "outcomes": {"rejected": "refused"}, "next": "make"},
        {"id": "refused", "type": "fail", "code": "refused", "message": "no"},
        step("make", "tell"),
        step("tell"),
    ],
}


def changed(*steps: Step, base: Step = BASE, **document: Any) -> Step:
    before = copy.deepcopy(base)
    made = applied(base, read_overlay({"steps": list(steps), **document}))
    assert base == before, "a base is never changed"
    return made


def problems(*steps: Any, base: Step = BASE, **document: Any) -> list[tuple[str, str, str | None]]:
    with pytest.raises(OverlayError) as raised:
        changed(*steps, base=base, **document)
    return [(each.pointer, each.message, each.hint) for each in raised.value.problems]


def edges(definition: Step) -> dict[str, Any]:
    return {node["id"]: node.get("next") for node in definition["nodes"]}


def node(definition: Step, id: str) -> Step:
    return next(each for each in definition["nodes"] if each["id"] == id)


# --- steps that are added ---------------------------------------------------------------------------------------------


def test_steps_that_are_added_after_another_follow_each_other_and_lead_to_what_followed_it():
    made = changed({"add": [step("one"), step("two")], "after": "make"})
    assert edges(made) == {"form": "approve", "approve": "make", "refused": None, "make": "one", "one": "two",
                           "two": "tell", "tell": None}  # fmt: skip
    assert [each["id"] for each in made["nodes"]] == ["form", "approve", "refused", "make", "one", "two", "tell"]


def test_what_is_added_after_the_last_step_is_the_last():
    assert edges(changed({"add": [step("one")], "after": "tell"}))["tell"] == "one"
    assert "next" not in node(changed({"add": [step("one")], "after": "tell"}), "one")


def test_what_is_added_before_a_step_is_where_every_way_to_it_leads():
    base = copy.deepcopy(BASE)
    more: Step = {"onError": [{"next": "tell", "codes": ["x"]}], "timeout": {"duration": "1d", "next": "tell"}}
    node(base, "form").update(more)
    base["nodes"] += [
        {"id": "choose", "type": "decision", "cases": [{"when": "true", "next": "tell"}], "default": "make"},
        {"id": "any", "type": "parallel", "branches": ["tell", {"next": "make"}]},
        {"id": "each", "type": "loop", "do": "tell"},
        {"id": "first", "type": "wait", "firstOf": [{"event": "x", "next": "tell"}, {"duration": "1d"}]},
        {"id": "yes", "type": "condition", "condition": "true", "true": "tell", "false": "make"},
    ]
    made = changed({"add": [step("one"), step("two")], "before": "tell"}, base=base)
    assert (edges(made)["make"], edges(made)["one"], edges(made)["two"]) == ("one", "two", "tell")
    assert node(made, "form")["onError"][0]["next"] == node(made, "form")["timeout"]["next"] == "one"
    assert node(made, "choose")["cases"][0]["next"] == node(made, "yes")["true"] == "one"
    assert node(made, "any")["branches"] == ["one", {"next": "make"}]
    assert node(made, "each")["do"] == node(made, "first")["firstOf"][0]["next"] == "one"


def test_what_is_added_before_the_first_step_is_the_first():
    made = changed({"add": [step("one")], "before": "form"})
    assert edges(made)["one"] == "form"
    told = changed({"add": [step("one")], "before": "form"}, base={**BASE, "startNode": "form"})
    assert told["startNode"] == "one"


def test_an_added_step_may_say_itself_what_follows_it():
    own = {"id": "ask", "type": "human-task", "outcomes": {"yes": "make", "no": "refused"}, "next": "tell"}
    made = changed({"add": [own], "after": "approve"})
    assert node(made, "ask") == own


def test_a_decision_among_added_steps_says_itself_where_it_leads():
    decision = {"id": "large", "type": "decision", "condition": "true", "true": "one", "false": "tell"}
    made = changed({"add": [decision, step("one")], "after": "make"})
    assert node(made, "large") == decision
    assert (edges(made)["make"], edges(made)["one"]) == ("large", "tell")
    made = changed({"add": [decision, step("one")], "after": "make"}, {"remove": "one"})
    assert node(made, "large")["true"] == "tell"


def test_nothing_can_follow_what_chooses_or_ends():
    decision = {"id": "choose", "type": "decision", "condition": "true", "true": "make", "false": "tell"}
    base = {**BASE, "nodes": [*BASE["nodes"], decision, {**step("jump"), "next": "${ data.where }"}]}
    found = problems(
        {"add": [step("one")], "after": "choose"},
        {"add": [step("two")], "after": "refused"},
        {"add": [step("three")], "after": "jump"},
        base=base,
    )
    assert [(pointer, message) for pointer, message, _ in found] == [
        ("/steps/0/after", "`choose` chooses between several ways: nothing can follow it"),
        ("/steps/1/after", "`refused` ends the way: nothing can follow it"),
        ("/steps/2/after", "an expression chooses what follows `jump`"),
    ]


def test_a_step_that_is_added_needs_an_id_that_no_other_has():
    found = problems({"add": [step("tell"), {"type": "action"}, step("one"), step("one")], "after": "make"})
    assert [(pointer, message) for pointer, message, _ in found] == [
        ("/steps/0/add/0/id", "there is a step `tell` already"),
        ("/steps/0/add/1/id", "a step that is added needs an `id`"),
        ("/steps/0/add/3/id", "there is a step `one` already"),
    ]


# --- steps that are removed -------------------------------------------------------------------------------------------


def test_what_led_to_a_removed_step_leads_to_what_followed_it():
    assert edges(changed({"remove": "make"}))["approve"] == "tell"
    assert "next" not in node(changed({"remove": "tell"}), "make")
    assert changed({"remove": "form"})["nodes"][0]["id"] == "approve"


def test_of_parallel_ways_only_those_to_the_removed_step_change():
    base = {"id": "b", "nodes": [step("one", "two", "three"), step("two", "four", "five"), step("three", "four"),
                                 step("four"), step("five")]}  # fmt: skip
    assert edges(changed({"remove": "two"}, base=base))["one"] == ["four", "five", "three"]
    assert edges(changed({"remove": "three"}, base=base))["one"] == ["two", "four"]
    assert edges(changed({"remove": "four"}, base=base)) == {
        "one": ["two", "three"], "two": ["five"], "three": None, "five": None
    }  # fmt: skip


def test_a_way_that_would_lead_nowhere_is_told():
    assert problems({"remove": "refused"}) == [
        ("/steps/0/remove", "`approve` leads to `refused` by `outcomes/rejected`, and nothing follows it", None)
    ]


def test_a_step_that_nothing_leads_to_any_more_is_told_and_may_be_removed_too():
    assert problems({"remove": "approve"}) == [
        ("/steps/0", "nothing leads to the step `refused` any more", "remove it as well, or lead to it")
    ]
    made = changed({"remove": "approve"}, {"remove": "refused"})
    assert edges(made) == {"form": "make", "make": "tell", "tell": None}


def test_a_step_for_which_others_wait_is_not_removed():
    base = {"id": "b", "nodes": [step("one", "two"), step("two"), step("both", dependencies=["one", "two"])]}
    found = problems({"remove": "two"}, base=base)
    assert found == [("/steps/0/remove", "`both` waits for `two` (`dependencies`)", "replace `both` first")]


def test_what_reads_a_removed_step_is_told():
    base = copy.deepcopy(BASE)
    node(base, "tell")["input"] = {"a": "${ steps.make.output.id }", "b": "${ steps.make-it.output }"}
    found = problems({"remove": "make"}, base=base)
    assert found == [("/steps/0", "`tell` reads what the removed step `make` gave (`steps.make`)", None)]
    node(base, "tell")["input"] = {"a": "${ steps['make'].output }"}
    assert len(problems({"remove": "make"}, base=base)) == 1
    node(base, "tell")["input"] = {"a": "${ steps.make-it.output }"}
    assert changed({"remove": "make"}, base=base)


def test_where_an_expression_may_lead_to_a_step_it_is_not_moved():
    base = {"id": "b", "nodes": [{**step("one"), "next": "${ x ? 'two' : 'three' }"}, step("two"), step("three")]}
    message = "an expression in `one` may lead to `two`"
    assert problems({"remove": "two"}, base=base)[0] == ("/steps/0/remove", message, "replace `one`")
    found = problems({"add": [step("four")], "before": "two"}, base=base)
    assert found[0] == ("/steps/0/before", message, "replace `one`")


# --- steps that are replaced ------------------------------------------------------------------------------------------


def test_a_step_that_takes_anothers_place_has_its_id_and_its_way_on():
    made = changed({"replace": "make", "with": {"type": "set", "values": {"x": 1}}})
    assert node(made, "make") == {"id": "make", "type": "set", "values": {"x": 1}, "next": "tell"}


def test_with_an_id_of_its_own_all_that_led_to_the_old_one_leads_to_it():
    base = {"id": "b", "startNode": "one", "nodes": [step("one", "two"), step("two"), step("c", dependencies=["one"])]}
    made = changed({"replace": "one", "with": step("first")}, {"replace": "two", "with": step("second")}, base=base)
    assert edges(made) == {"first": "second", "second": None, "c": None}
    assert (made["startNode"], node(made, "c")["dependencies"]) == ("first", ["first"])


def test_a_decision_in_the_place_of_a_step_says_itself_where_it_leads():
    decision = {"type": "decision", "condition": "true", "true": "tell", "false": "nowhere"}
    assert problems({"replace": "make", "with": decision}) == [
        ("/steps/0", "`make` leads by `false` to `nowhere`, which is not there", None)
    ]
    assert "next" not in node(changed({"replace": "make", "with": {**decision, "false": "refused"}}), "make")


def test_the_old_way_out_that_is_missing_then_is_told():
    found = problems({"replace": "approve", "with": {"type": "action", "action": "echo"}})
    assert [pointer for pointer, *_ in found] == ["/steps/0"] and "`refused`" in found[0][1]


# --- steps that are changed -------------------------------------------------------------------------------------------


def test_a_form_gets_fields_loses_some_and_checks_them():
    made = changed(
        {
            "change": "form",
            "fields": {"eic": {"type": "string"}},
            "withoutFields": ["name"],
            "required": ["eic"],
            "validators": {"eic": "market-roles.eic", "points[].ean": "market-roles.ean"},
        }
    )
    form = node(made, "form")["form"]
    assert form["properties"]["eic"] == {"type": "string", "x-validator": "market-roles.eic"}
    assert form["properties"]["points"]["items"]["properties"]["ean"]["x-validator"] == "market-roles.ean"
    assert (form["required"], "name" in form["properties"]) == (["eic"], False)
    assert "required" not in node(changed({"change": "form", "withoutFields": ["name"]}), "form")["form"]


def test_everything_else_is_merged_and_null_takes_away():
    made = changed({"change": "approve", "set": {"approvals": 2, "name": "Two of you", "outcomes": {"later": "tell"}}})
    assert node(made, "approve") == {
        "id": "approve", "type": "approval", "approvals": 2, "name": "Two of you",
        "outcomes": {"rejected": "refused", "later": "tell"}, "next": "make",
    }  # fmt: skip
    assert "action" not in node(changed({"change": "make", "set": {"action": None}}), "make")


def test_what_does_not_fit_a_form_is_told_field_by_field():
    found = problems(
        {
            "change": "form",
            "fields": {"name": {"type": "number"}},
            "withoutFields": ["pionts"],
            "required": ["nam"],
            "validators": {"points[].eann": "x.y"},
        }
    )
    assert [(pointer, hint) for pointer, _, hint in found] == [
        ("/steps/0/withoutFields/0", "did you mean `points`?"),
        ("/steps/0/fields/name", "merge into it: `set: {form: {properties: {name: …}}}`"),
        ("/steps/0/required/0", "did you mean `name`?"),
        ("/steps/0/validators/points[].eann", "did you mean `ean`?"),
    ]


def test_a_field_is_not_checked_twice_unnoticed():
    once = {"change": "form", "validators": {"name": "a.b"}}
    found = problems(once, {"change": "form", "validators": {"name": "c.d"}})
    assert found == [("/steps/1/validators/name", "the field is checked already, by `a.b`", None)]


def test_a_form_that_stands_elsewhere_cannot_be_changed():
    base = {"id": "b", "nodes": [{"id": "form", "type": "form", "form": "registration"}]}
    [(pointer, message, _)] = problems({"change": "form", "required": ["x"]}, base=base)
    assert pointer == "/steps/0" and "stands elsewhere" in message


@pytest.mark.parametrize("name", ["id", "next"])
def test_a_step_keeps_its_id_and_its_way(name: str):
    [(pointer, _, hint)] = problems({"change": "make", "set": {name: "tell"}})
    assert (pointer, hint) == (f"/steps/0/set/{name}", "add, remove or replace steps instead")


# --- the overlay itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"remove": "aprove"}, "remove"),
        ({"replace": "aprove", "with": step("x")}, "replace"),
        ({"change": "aprove"}, "change"),
        ({"add": [step("x")], "after": "aprove"}, "after"),
        ({"add": [step("x")], "before": "aprove"}, "before"),
    ],
)
def test_a_step_that_is_not_there_is_told_with_the_nearest(change: Step, key: str):
    assert problems(change) == [(f"/steps/0/{key}", "there is no step `aprove`", "did you mean `approve`?")]


def test_changes_of_one_step_that_exclude_each_other_are_told():
    found = problems({"remove": "make"}, {"change": "make", "set": {"name": "x"}}, {"remove": "make"})
    assert [(pointer, message) for pointer, message, _ in found] == [
        ("/steps/1/change", "the step `make` was removed by /steps/0"),
        ("/steps/2/remove", "the step `make` was removed by /steps/0"),
    ]


def test_changes_are_made_in_their_order():
    made = changed({"add": [step("one")], "after": "make"}, {"add": [step("two")], "before": "one"}, {"remove": "make"})
    assert edges(made) == {
        "form": "approve",
        "approve": "two",
        "refused": None,
        "two": "one",
        "one": "tell",
        "tell": None,
    }


def test_the_rest_of_the_definition_is_merged():
    made = changed(workflow={"output": {"more": "1"}, "input": {"properties": {"b": None, "c": {"enum": [1]}}}})
    assert made["output"] == {"kept": "yes", "more": "1"}
    assert made["input"]["properties"] == {"a": {"type": "string"}, "c": {"enum": [1]}}


def test_everything_wrong_with_an_overlay_is_told_at_once():
    found = problems(
        "add",
        {"remove": "a", "change": "b"},
        {"remove": 7},
        {"add": [], "after": "make"},
        {"add": [step("x")]},
        {"change": "form", "field": {}},
        workflow={"nodes": []},
        more=1,
    )
    assert [pointer for pointer, *_ in found] == [
        "/more", "/workflow/nodes", "/steps/0", "/steps/1", "/steps/2/remove", "/steps/3/add", "/steps/4",
        "/steps/5/field",
    ]  # fmt: skip
    assert found[3][2] == "it has change and remove"
    assert problems(workflow=[], steps={}) == [
        ("/workflow", "`workflow` is an object with fields of the definition", None),
        ("/steps", "`steps` is a list of changes", None),
    ]


VALUES: list[Any] = [
    None, True, 1, "make", "tell", "${ 'make' }", "nowhere", [], ["tell"], [1], [None], [{"next": "tell"}],
    [{"next": 1}], {}, {"next": "tell"}, {"next": 1}, {"rejected": "tell"}, {"rejected": 1}, {"properties": 1},
    {"properties": {"name": 1}}, {"properties": {"x": {"items": 1}}}, {"required": 1},
]  # fmt: skip
FIELDS = ("next", "targets", "dependencies", "outcomes", "onError", "timeout", "cases", "firstOf", "branches", "true",
          "do", "form", "type")  # fmt: skip
IDS = ("one", "two", "make", "form", "approve", "refused", "tell")


def odd_step(chance: Random, **fields: Any) -> Step:
    return {**fields, **{field: chance.choice(VALUES) for field in chance.sample(FIELDS, chance.randint(0, 3))}}


def odd_change(chance: Random) -> Step:
    id = chance.choice(IDS)
    match chance.choice(["add", "remove", "replace", "set", "form"]):
        case "add":
            steps = [odd_step(chance, id="one"), odd_step(chance, id="two")]
            return {"add": steps, chance.choice(["after", "before"]): id}
        case "remove":
            return {"remove": id}
        case "replace":
            return {"replace": id, "with": odd_step(chance, **chance.choice([{}, {"id": "three"}]))}
        case "set":
            return {"change": id, "set": odd_step(chance)}
        case _:
            fields, validators = {"a": chance.choice(VALUES)}, {"name": "a.b", "x[].y": "c.d", "a[].b": "e.f"}
            return {"change": id, "fields": fields, "withoutFields": ["x"], "required": ["name"],
                    "validators": validators}  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_whatever_an_overlay_says_it_is_applied_or_told_what_is_wrong(seed: int):
    chance = Random(seed)
    is_told = False
    for _ in range(500):
        steps = [odd_change(chance) for _ in range(chance.randint(1, 4))]
        try:
            made = applied(BASE, read_overlay({"steps": steps}))
        except OverlayError as error:
            assert all(each.pointer.startswith("/") or not each.pointer for each in error.problems)
            is_told = True
        else:
            ids = [each["id"] for each in made["nodes"]]
            assert len(set(ids)) == len(ids), steps
    assert is_told


def test_an_overlay_that_says_nothing_changes_nothing():
    assert changed() == BASE
