"""Trials over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.executions.errors import InvalidInput
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.trials import examples
from weftline.features.trials.errors import InvalidTrial, TrialTooLarge
from weftline.features.trials.schemas import TrialBody, TrialOut
from weftline.features.trials.service import TrialService
from weftline.features.workflows.errors import InvalidDefinition
from weftline.features.workflows.permissions import WRITE

Author = Annotated[Caller, requires(WRITE, listing=True, takes_key=False)]
"""Nothing is changed, so nothing needs to be done only once."""


def trial_routes(service: TrialService) -> APIRouter:
    """The route by which definitions are tried out."""
    router = api_router("/workflows", tag="Workflows")

    @router.post(
        "/trial",
        summary="Try a definition out",
        response_model=TrialOut,
        responses=answers(examples.TRIAL, description="What it came to; nothing is stored.")
        | failures(InvalidDefinition, InvalidInput, InvalidTrial, TrialTooLarge),
    )
    async def try_workflow(
        caller: Author, body: Annotated[TrialBody, Body(openapi_examples={"example": {"value": examples.BODY}})]
    ) -> Response:
        """Runs a definition in memory, by a clock that jumps from one thing that happens to the next. Nothing outside
        is touched: actions, workflows, people and events are as the request says. Where it says nothing of an action,
        that gives an example of its output; tasks and events are waited for, and the answer tells which.
        """
        told = TrialOut.of(await service.run(caller, body.trial()))
        # of events, what is as usual is left out
        return Response(told.model_dump_json(by_alias=True), media_type="application/json")

    return router
