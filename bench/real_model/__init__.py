"""A real model, small and bad, as a vendor: to see that the wire, streaming, schema and refusal work."""
