"""``weft``: the command line.

Every command imports what it needs when it runs, so that ``weft --help`` and shell completion are instant.
"""

from __future__ import annotations

import sys

import typer

from weftline.cli import (
    audit,
    configuration,
    control,
    database,
    definitions,
    executions,
    keys,
    login,
    mail,
    migrate,
    roles,
    run,
    server,
    target,
    tasks,
    tenants,
    up,
    users,
    worker,
)
from weftline.cli.failures import INTERRUPTED, explain
from weftline.cli.output import note, report

app = typer.Typer(
    name="weft",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(target.choose)
for module in (up, server, worker, migrate, definitions, run, executions, control, configuration, login):
    module.register(app)
app.add_typer(tasks.app, name="task")
app.add_typer(tenants.app, name="tenant")
app.add_typer(users.app, name="user")
app.add_typer(roles.app, name="role")
app.add_typer(keys.app, name="key")
app.add_typer(mail.app, name="mail")
app.add_typer(audit.app, name="audit")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    try:
        app()
    except KeyboardInterrupt:
        note("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # whoever read our output has seen enough (`weft list | head`)
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        report(failure)
        sys.exit(failure.exit_code)


if __name__ == "__main__":
    main()
