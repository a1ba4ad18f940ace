from __future__ import annotations

import pytest
from pydantic import BaseModel

from weftline.authoring import ActionRegistry, Context, Workflow, load_actions, registry, step
from weftline.authoring.action import ActionFacts, action, title_of


async def nothing(ctx: Context) -> None:
    """Do nothing.

    At all.
    """


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("chargeCard", "Charge card"),
        ("purchase.orderDesk", "Purchase order desk"),
        ("send_SMS", "Send SMS"),
        ("http", "Http"),
        ("...", "..."),
    ],
)
def test_an_actions_name_is_put_into_words(name: str, title: str) -> None:
    assert title_of(name) == title


def test_an_action_of_which_nothing_is_said_has_its_docstring_and_its_name() -> None:
    definition = ActionRegistry().register("chargeCard", nothing)
    assert (definition.title, definition.description, definition.facts) == ("Charge card", "Do nothing.", ActionFacts())


def test_an_author_tells_an_actions_title_shapes_and_undoing() -> None:
    class Payment(BaseModel):
        amount: float

    @action("facts.refund")
    def refund(ctx: Context) -> None: ...

    @action("facts.charge", title="Charge it", input=Payment, output={"type": "string"}, compensate=refund)
    def charge(ctx: Context) -> str:
        return "receipt"

    definition = registry.get("facts.charge")
    assert definition.title == "Charge it"
    assert definition.facts.input is not None
    assert definition.facts.input["properties"]["amount"]["type"] == "number"
    assert definition.facts.output == {"type": "string"}
    assert definition.facts.compensate == "facts.refund"


def test_a_shape_that_is_no_schema_is_refused() -> None:
    with pytest.raises(TypeError, match="JSON Schema or a pydantic model"):
        action("facts.wrong", input=3)


def test_the_steps_of_a_class_tell_what_undoes_them() -> None:
    class Booking(Workflow):
        id = "facts-booking"

        @step(compensate="cancel")
        async def book(self, ctx: Context) -> None: ...

        async def cancel(self, ctx: Context) -> None: ...

    assert registry.get("facts-booking.book").facts.compensate == "facts-booking.cancel"
    assert registry.get("facts-booking.cancel").facts.compensate is None


@pytest.mark.parametrize("name", ["echo", "http", "log", "notify"])
def test_built_in_actions_tell_what_they_take_and_give(name: str) -> None:
    facts = load_actions().get(name).facts
    assert facts.input is not None
    assert facts.output is not None
