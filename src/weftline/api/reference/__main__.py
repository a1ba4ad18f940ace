"""Writes the reference; see ``weftline.api.reference``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from weftline.api.document import api_document
from weftline.api.reference.breaking import breaking_changes
from weftline.api.reference.files import DOCUMENT, reference_files

OWNED = ("api", "errors", "integrations")
"""Directories in which nothing else lies."""


def main() -> int:
    """Write the reference, unless it takes away from callers what they have.

    Returns:
        The exit code: 1 where nothing was written.
    """
    parser = argparse.ArgumentParser(prog="python -m weftline.api.reference", description=main.__doc__)
    parser.add_argument("directory", type=Path, help="such as docs/reference")
    parser.add_argument("--breaking", action="store_true", help="write it although callers will break")
    options = parser.parse_args()
    directory: Path = options.directory
    known = directory / DOCUMENT
    breaks = breaking_changes(json.loads(known.read_text()), api_document()) if known.exists() else []
    if breaks and not options.breaking:
        print("Callers would break:", *breaks, sep="\n- ", file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    files = reference_files()
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    for owned in OWNED:
        for path in (directory / owned).iterdir():
            if str(path.relative_to(directory)) not in files:
                path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
