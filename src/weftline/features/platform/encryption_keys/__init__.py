"""The keys under which secrets are sealed: which there are, and changing them."""
