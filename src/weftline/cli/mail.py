"""``weft mail``: the messages that the platform sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table
from weftline.features.mail.status import MailStatus

if TYPE_CHECKING:
    from weftline.features.mail.service import MailService

T = TypeVar("T")

app = typer.Typer(help="The messages that the platform sends.", no_args_is_help=True)


@app.command("list")
def list_mail(
    status: Annotated[MailStatus | None, typer.Option("--status", "-s", help="Only those that stand here.")] = None,
    recipient: Annotated[str | None, typer.Option("--to", help="Only those to this address.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first unless sorted otherwise."""
    from weftline.cli.sorting import window_of
    from weftline.features.mail.repository import ORDER, Filter
    from weftline.features.mail.schemas import MailSummary

    wanted, window = Filter(status, recipient), window_of(ORDER, sort, limit)
    rows = _with_mail(lambda service: service.list(wanted, window))
    found = [MailSummary.model_validate(row) for row in window.cut(rows)]
    if as_json:
        print_json([mail.model_dump(mode="json", by_alias=True) for mail in found])
        return
    print_table(
        ["ID", "WRITTEN", "STATUS", "TO", "SUBJECT", "ERROR"],
        [
            (mail.id, local_time(mail.created_at), mail.status.value, mail.recipient, mail.subject, mail.error)
            for mail in found
        ],
    )


@app.command()
def show(
    mail_id: Annotated[UUID, typer.Argument(metavar="ID", help="A message's id.")],
    as_json: AsJson = False,
) -> None:
    """Show a message with its text. The audit log keeps that it was read."""
    from weftline.features.mail.schemas import MailDetail

    mail = MailDetail.model_validate(_with_mail(lambda service: service.get(mail_id)))
    if as_json:
        print_json(mail.model_dump(mode="json", by_alias=True))
        return
    typer.echo(f"To:      {mail.recipient}")
    typer.echo(f"Subject: {mail.subject}")
    typer.echo(f"Status:  {mail.status.value}{f' ({mail.error})' if mail.error else ''}\n")
    typer.echo(mail.text or "The text was removed when the message was sent.")


def _with_mail(use: Callable[[MailService], Awaitable[T]]) -> T:
    from weftline.cli import loop, session

    with session.database(session.load_settings()) as url:
        return loop.run(_use(url, use))


async def _use(url: str, use: Callable[[MailService], Awaitable[T]]) -> T:
    from weftline.features.access.caller import acting_as, almighty, console_name
    from weftline.features.audit.trail import PLATFORM
    from weftline.features.database import Database
    from weftline.features.mail.service import MailService

    database = Database(url, "weft_identity", size=1)
    try:
        with acting_as(almighty(PLATFORM, "console", console_name())):
            return await use(MailService(database))
    finally:
        await database.close()
