"""A running ``weft up``, as its users reach it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.e2e.weft import environment, lines_until, running

EMAIL, PASSWORD = "ada@example.com", "a password of the first administrator"
MEMBER_PASSWORD = "seven lazy otters juggle"


class Site:
    """A running ``weft up``, with its first administrator signed in."""

    def __init__(self, process: subprocess.Popen[str], password: str | None = PASSWORD) -> None:
        self.process = process
        self.printed = "".join(lines_until(process, "Stop"))
        found = re.search(r"API +(http://\S+)", self.printed)
        assert found is not None
        self.api = found[1]
        self.headers = {"Content-Type": "application/json"}
        self._password = password
        if password is not None:
            self.sign_in(EMAIL, password)

    @property
    def url(self) -> str:
        """Where people open it."""
        return self.api.removesuffix("/api/v1")

    @property
    def port(self) -> int:
        return int(self.api.split(":")[2].split("/")[0])

    def call(
        self, path: str, body: Any = None, *, method: str | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        """Ask the API; POST where there is a body, unless told otherwise."""
        data = None if body is None else json.dumps(body).encode()
        sent = Request(self.api + path, data, {**self.headers, **(headers or {})}, method=method)
        try:
            return _answer(sent)
        except HTTPError as refused:
            if refused.code != 401 or self._password is None or path == "/auth/login":
                raise
        # access tokens expire after a quarter of an hour, and a file of tests may take longer
        self.sign_in(EMAIL, self._password)
        return _answer(Request(sent.full_url, data, {**self.headers, **(headers or {})}, method=method))

    def sign_in(self, email: str, password: str) -> None:
        self.headers.pop("Authorization", None)
        tokens = self.call("/auth/login", {"email": email, "password": password})
        self.headers["Authorization"] = f"Bearer {tokens['accessToken']}"

    def join(self, name: str, *roles: str) -> str:
        """Make a member of the default tenant, whose password is ``MEMBER_PASSWORD``; returns their address."""
        email = f"{name}@example.com"
        body = {"email": email, "name": name.capitalize(), "password": MEMBER_PASSWORD, "roles": roles}
        self.call("/tenants/default/members", body, headers={"X-Reason": "a test"})
        return email

    def publish(self, definition: dict[str, Any]) -> None:
        self.call("/workflows", definition)
        self.call(f"/workflows/{definition['id']}/publish", {})

    def start(self, workflow: str, wait: int = 0, **fields: Any) -> dict[str, Any]:
        """Start an execution, and give it so many seconds to end."""
        return self.call(f"/workflows/{workflow}/executions?wait={wait}", fields)

    def status(self, execution_id: str) -> str:
        return self.call(f"/executions/{execution_id}")["status"]


def _answer(request: Request) -> Any:
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def up(home: Path, *options: str, cwd: Path | None = None, **settings: str) -> Iterator[Site]:
    """Start everything; it is killed at the end.

    Args:
        home: of the server.
        options: of ``weft up``.
        cwd: where it is started; its home unless told otherwise.
        settings: further ones, without `WEFT_`.
    """
    # nobody reads on once it has started: a log of every request would fill the pipe, and the server would stand still
    quiet = {"log_level": "warning", **settings}
    env = environment(home=home, admin_email=EMAIL, admin_password=PASSWORD, **quiet)
    with running("up", "--port", "0", *options, env=env, cwd=cwd or home) as process:
        yield Site(process)
