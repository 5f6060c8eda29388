"""Durable work without a request: what the workers do, on PgQueuer over the service's own database."""
