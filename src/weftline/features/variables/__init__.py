"""Variables: values that a tenant's or a workflow's expressions see as ``vars``, secrets among them."""
