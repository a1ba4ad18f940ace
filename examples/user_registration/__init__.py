"""User registration as a workflow in code, within a request of FastAPI."""
