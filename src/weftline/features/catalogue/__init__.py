"""What a definition can be made of."""
