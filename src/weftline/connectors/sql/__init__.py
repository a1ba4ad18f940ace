"""What the databases have in common that are reached by SQL."""
