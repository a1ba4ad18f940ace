"""Message templates over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.notifications.templates import examples
from weftline.features.notifications.templates.errors import (
    InvalidMessageTemplate,
    MessageTemplateChanged,
    MessageTemplateExists,
    MessageTemplateNotFound,
    TooManyMessageTemplates,
)
from weftline.features.notifications.templates.models import MessageTemplate
from weftline.features.notifications.templates.permissions import MANAGE, READ
from weftline.features.notifications.templates.schemas import (
    TEMPLATE_NAME,
    MessageTemplateBody,
    MessageTemplateOut,
    MessageTemplateQuery,
    NewMessageTemplateBody,
)
from weftline.features.notifications.templates.service import MessageTemplateService

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
TemplateName = Annotated[str, Path(pattern=TEMPLATE_NAME, description="The template's name.", examples=[examples.NAME])]


def message_template_routes(service: MessageTemplateService) -> APIRouter:
    """The routes of message templates."""
    router = api_router("/message-templates", tag="Message templates")

    def detail(template: MessageTemplate, response: Response) -> MessageTemplateOut:
        response.headers.update(etag(template.etag))
        return MessageTemplateOut.model_validate(template)

    @router.get(
        "",
        summary="List message templates",
        responses=answers({"items": [examples.TEMPLATE], "nextCursor": None}, description="By name."),
    )
    async def list_message_templates(
        caller: Reader, query: Annotated[MessageTemplateQuery, Query()]
    ) -> Page[MessageTemplateOut]:
        """Lists the tenant's message templates by name."""
        window = query.window()
        found = await service.list(caller.tenant_id, window)
        return window.page(found, MessageTemplateOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Create a message template",
        responses=answers(examples.TEMPLATE, status=201, description="The new template.")
        | failures(InvalidMessageTemplate, MessageTemplateExists, TooManyMessageTemplates),
    )
    async def create_message_template(
        caller: Manager,
        body: Annotated[NewMessageTemplateBody, Body(openapi_examples={"order-failed": {"value": examples.NEW}})],
        request: Request,
        response: Response,
    ) -> MessageTemplateOut:
        """Saves words that notifications can use by their name."""
        template = await service.create(caller, body.name, body.draft())
        response.headers["Location"] = f"{request.url.path}/{template.name}"
        return detail(template, response)

    @router.get(
        "/{template_name}",
        summary="Get a message template",
        responses=answers(examples.TEMPLATE, description="The template.") | failures(MessageTemplateNotFound),
    )
    async def get_message_template(
        caller: Reader, template_name: TemplateName, response: Response
    ) -> MessageTemplateOut:
        """Shows a message template."""
        return detail(await service.get(caller.tenant_id, template_name), response)

    @router.put(
        "/{template_name}",
        summary="Change a message template",
        responses=answers(examples.TEMPLATE, description="The changed template.")
        | failures(InvalidMessageTemplate, MessageTemplateChanged, MessageTemplateNotFound),
    )
    async def replace_message_template(
        caller: Manager,
        template_name: TemplateName,
        expected: ExpectedEtag,
        body: Annotated[MessageTemplateBody, Body(openapi_examples={"order-failed": {"value": examples.BODY}})],
        response: Response,
    ) -> MessageTemplateOut:
        """Replaces a message template; a field that is left out gets its default."""
        template = await service.replace(caller, template_name, body.draft(), expected_etag=expected)
        return detail(template, response)

    @router.delete(
        "/{template_name}",
        summary="Remove a message template",
        responses=answers(examples.TEMPLATE, description="What it was.")
        | failures(MessageTemplateChanged, MessageTemplateNotFound),
    )
    async def remove_message_template(
        caller: Manager, template_name: TemplateName, expected: ExpectedEtag
    ) -> MessageTemplateOut:
        """Removes a message template. Nodes that name it fail; notices of failure take the built-in words."""
        return MessageTemplateOut.model_validate(await service.remove(caller, template_name, expected_etag=expected))

    return router
