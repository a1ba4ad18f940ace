"""``github``: issues, files, releases, workflows and webhooks of GitHub (https://docs.github.com/rest)."""

from weftline.connectors.github import contents, issues, releases, triggers, webhook, workflows
from weftline.connectors.github.integration import github

__all__ = ["contents", "github", "issues", "releases", "triggers", "webhook", "workflows"]
