"""The server around the application: sockets, bounds against strangers, processes. Nothing of HTTP's meaning."""
