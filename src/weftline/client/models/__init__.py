"""What the server answers, as typed values."""
