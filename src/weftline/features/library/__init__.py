"""The template library: browsing it, and installing from it."""
