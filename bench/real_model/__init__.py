"""A real model, small and bad, as a vendor: does the wire, the streaming, the schema and the refusal work?"""
