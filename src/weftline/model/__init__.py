"""Plain values shared by every layer: statuses, events, errors, retry policies. Standard library only."""
