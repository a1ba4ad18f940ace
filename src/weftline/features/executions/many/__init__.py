"""Reading many executions at once, in as many statements as one takes."""
