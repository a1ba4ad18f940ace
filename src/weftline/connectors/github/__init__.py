"""``github``: issues, files, releases and workflows of GitHub (https://docs.github.com/rest)."""

from weftline.connectors.github import contents, issues, releases, triggers, workflows
from weftline.connectors.github.integration import github

__all__ = ["contents", "github", "issues", "releases", "triggers", "workflows"]
