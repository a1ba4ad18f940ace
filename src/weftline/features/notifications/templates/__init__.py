"""A tenant's own words for messages."""
