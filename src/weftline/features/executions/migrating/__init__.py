"""Letting executions go on with another version of their definition."""
