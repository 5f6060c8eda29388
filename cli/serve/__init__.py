"""`retake serve`: the HTTP server."""

from cli.serve.command import serve

__all__ = ["serve"]
