"""``weft``: the command line.

Every command imports what it needs when it runs, so that ``weft --help`` and shell completion are instant.
"""

from __future__ import annotations

import sys

import typer

from weftline.cli import (
    audit,
    configuration,
    connections,
    control,
    convert,
    database,
    definitions,
    encryption_keys,
    executions,
    integrations,
    keys,
    library,
    login,
    mail,
    migrate,
    migrations,
    operate,
    plugins,
    remote_worker,
    replay,
    review,
    roles,
    run,
    server,
    statistics,
    target,
    tasks,
    tenants,
    test,
    triggers,
    up,
    users,
    variables,
    webhooks,
    worker,
    workflows,
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
for module in (
    up,
    server,
    worker,
    remote_worker,
    migrate,
    definitions,
    convert,
    run,
    executions,
    control,
    operate,
    test,
    replay,
    statistics,
    configuration,
    login,
):
    module.register(app)
migrations.register(workflows.app)
app.add_typer(workflows.app, name="workflow")
app.add_typer(review.app, name="review")
app.add_typer(tasks.app, name="task")
app.add_typer(triggers.app, name="trigger")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(tenants.app, name="tenant")
app.add_typer(users.app, name="user")
app.add_typer(roles.app, name="role")
app.add_typer(keys.app, name="key")
app.add_typer(encryption_keys.app, name="keys")
app.add_typer(variables.app, name="variable")
app.add_typer(integrations.app, name="integration")
app.add_typer(library.app, name="library")
app.add_typer(connections.app, name="connection")
app.add_typer(plugins.app, name="plugin")
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
