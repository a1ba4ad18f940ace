"""Other durable-execution systems, measured on the work that Weftline is measured on."""
