"""What clients send over the WebSocket."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from weftline.features.http.body import parse_json
from weftline.features.http.wire import Demand
from weftline.features.live.errors import MessageTooLong
from weftline.features.live.kinds import EVERYTHING, Patterns
from weftline.features.live.topics import Topic

MAX_MESSAGE = 65_536
"""Characters of a message from a client."""

Id = Annotated[str, Field(min_length=1, max_length=64, description="Of the client's own choice.")]


class Connect(Demand):
    """Says who the client is."""

    type: Literal["connect"]
    token: Annotated[str, Field(max_length=8192, description="An access token or an API key.")]


class Subscribe(Demand):
    """Asks for a topic: exactly one of execution, workflow, tasks and tenant."""

    type: Literal["subscribe"]
    id: Id
    execution: UUID | None = None
    workflow: Annotated[str | None, Field(min_length=1, max_length=128)] = None
    tasks: Literal[True] | None = None
    tenant: Literal[True] | None = None
    kinds: Patterns = ()
    after: Annotated[str | None, Field(max_length=20_000, description="The last position that was seen.")] = None

    @model_validator(mode="after")
    def _check_topic(self) -> Subscribe:
        if sum(each is not None for each in (self.execution, self.workflow, self.tasks, self.tenant)) != 1:
            raise ValueError("name one of 'execution', 'workflow', 'tasks' and 'tenant'")
        return self

    @property
    def topic(self) -> Topic:
        """What is asked for."""
        kinds = frozenset(self.kinds or (EVERYTHING,))
        if self.execution is not None:
            return Topic("execution", execution_id=self.execution, kinds=kinds)
        if self.workflow is not None:
            return Topic("workflow", workflow_id=self.workflow, kinds=kinds)
        return Topic("tasks" if self.tasks else "tenant", kinds=kinds)


class Unsubscribe(Demand):
    """Ends a subscription."""

    type: Literal["unsubscribe"]
    id: Id


class Ping(Demand):
    """Asks whether anybody is there."""

    type: Literal["ping"]


Message = Annotated[Connect | Subscribe | Unsubscribe | Ping, Field(discriminator="type")]

_MESSAGE: TypeAdapter[Connect | Subscribe | Unsubscribe | Ping] = TypeAdapter(Message)


def read_message(text: str) -> Connect | Subscribe | Unsubscribe | Ping:
    """A client's message.

    Raises:
        MessageTooLong: it is longer than anything needs.
        MalformedJson: it is not JSON.
        RequestValidationError: it is none of these.
    """
    if len(text) > MAX_MESSAGE:
        raise MessageTooLong(MAX_MESSAGE)
    try:
        return _MESSAGE.validate_python(parse_json(text.encode()))
    except ValidationError as error:
        # the first part of a place is the kind of message
        found = [{**each, "loc": ("message", *each["loc"][1:])} for each in error.errors(include_url=False)]
        raise RequestValidationError(found) from None
