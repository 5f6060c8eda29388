"""The only room with queries: Piccolo tables on PostgreSQL, embedded by default."""
