"""PostgreSQL: the only place with engine SQL."""
