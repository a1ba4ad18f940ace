"""``weft up`` with a certificate."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from urllib.request import urlopen

from tests.e2e.weft import environment, lines_until, running
from tests.features.mail.certificates import make_certificate


def test_with_a_certificate_everything_is_served_by_https(server_home: Path) -> None:
    trusting = make_certificate(server_home).trusting
    pem = server_home / "server.pem"
    env = environment(home=server_home, tls_certificate=pem, tls_key=pem)
    with running("up", "--port", "0", env=env, cwd=server_home) as process:
        printed = "".join(lines_until(process, "Stop"))
        found = re.search(r"weft login (https://\S+)", printed)
        assert found is not None
        assert f"{found[1]}/api/v1" in printed
        with urlopen(f"{found[1]}/health/ready", timeout=60, context=trusting) as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
