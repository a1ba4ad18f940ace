"""Definitions: the model that people write, its validation, and its compiled form."""
