"""The pure interpreter: what happens next. No clock, no I/O, no randomness."""
