"""`make chaos`: the question writer, and LiteLLM's Router beside it, under every fault of the scripted vendor."""
