"""Who operates the platform."""
