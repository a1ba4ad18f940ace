"""Human tasks: what executions ask people to do."""
