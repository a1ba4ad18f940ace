"""Lists and figures of many tenants at once, without anybody's data."""
