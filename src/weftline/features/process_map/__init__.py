"""How executions went through a workflow: which ways they took, how often, how long it took."""
