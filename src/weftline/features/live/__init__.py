"""Following what happens, as it happens."""
