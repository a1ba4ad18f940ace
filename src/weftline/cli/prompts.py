"""What commands ask people for.

A secret is asked for without an echo, or read from standard input. It is never an option's value, which other processes
could see.
"""

from __future__ import annotations

import getpass
import sys

import typer

from weftline.cli.failures import INVALID, CommandFailed


def ask(what: str, option: str, *, secret: bool = False) -> str:
    """What somebody types at the terminal.

    Args:
        what: the question.
        option: what says the same where there is no terminal.
        secret: do not show it.

    Raises:
        CommandFailed: there is no terminal.
    """
    if not sys.stdin.isatty():
        raise CommandFailed(f"there is no terminal to ask at: {what}", [f"use {option}"], exit_code=INVALID)
    if not secret:
        return typer.prompt(what, err=True)
    try:
        # switches the echo off before it asks, unlike typer: what is typed at once is not shown either
        return getpass.getpass(f"{what}: ")
    except EOFError:
        raise typer.Abort from None


def piped_password() -> str:
    """The password on standard input, without the line's end.

    Raises:
        CommandFailed: there is none.
    """
    password = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not password:
        raise CommandFailed("--password-stdin: there is no password on standard input", exit_code=INVALID)
    return password
