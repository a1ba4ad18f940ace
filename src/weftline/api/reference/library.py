"""The page of the templates that come with the platform."""

from __future__ import annotations

from weftline.api.reference.words import GENERATED, table
from weftline.library import shipped_entries
from weftline.library.entry import CATEGORIES

SOURCE = GENERATED.format("the files in `src/weftline/library/templates`")

INTRODUCTION = """\
Workflows that are ready to be installed, with what they need. [Install a template](../guides/library.md) tells how.
`GET /library` shows them in English and German."""


def library_page() -> str:
    """The table of every template, by category."""
    parts = ["# Template library", SOURCE, INTRODUCTION]
    for category in CATEGORIES:
        rows = [
            (
                f"`{entry.id}`",
                f"**{entry.name['en']}**. {entry.description['en']}",
                ", ".join(f"[{name}](integrations/{name}.md)" for name in entry.required_integrations) or "nothing",
            )
            for entry in shipped_entries().values()
            if entry.category == category
        ]
        if rows:
            heading = category.replace("-", " ").capitalize()
            parts += [f"## {heading}", table(("template", "what it does", "connects to"), rows)]
    return "\n\n".join(parts) + "\n"
