"""What the features' HTTP routes have in common: bodies, answers, paging, conditions, the tenant."""
