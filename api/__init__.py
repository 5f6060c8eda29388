"""HTTP and nothing else: decode, authenticate, call one use case, wrap the answer."""
