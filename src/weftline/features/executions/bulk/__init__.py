"""One act on many executions: chosen at once, carried out page by page."""
