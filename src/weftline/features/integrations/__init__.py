"""Integrations: the systems that workflows reach, and the connections through which they do."""
