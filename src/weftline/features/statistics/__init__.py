"""How much runs, how it ends and how long it takes, from sums that are written with the facts."""
