"""Field rules: which fields of a workflow's data only some roles may see."""
