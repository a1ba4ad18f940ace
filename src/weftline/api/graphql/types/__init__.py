"""GraphQL's types, and what can be asked of each; one module for each feature."""
