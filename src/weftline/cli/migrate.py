"""``weft migrate``: the database's schema."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate() -> None:
    """Bring the database up to date. The embedded one is whenever it is used; an outside one only by this."""
    import asyncio

    from weftline.cli import session

    settings = session.load_settings()
    if settings.database_url is None:
        with session.database(settings):
            typer.echo("The embedded database is up to date.")
        return
    changed = asyncio.run(session.migrate(settings.database_url.get_secret_value()))
    typer.echo("The database was brought up to date." if changed else "The database is up to date.")
