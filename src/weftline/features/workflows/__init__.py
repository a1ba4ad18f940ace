"""Workflow templates and their versions: writing, validating and publishing definitions."""
