"""`retake serve`: the HTTP server."""
