"""How the collection of garbage is set for processes that hold LiteLLM, or many requests."""

import gc

THRESHOLDS = (20_000, 20, 100)  # objects, young and middle collections; a full one after 40 million objects


def put_off_collections() -> None:
    """Collect no garbage until `settle_memory`: what a start loads stays, and with LiteLLM a quarter of it was that."""
    gc.disable()


def settle_memory() -> None:
    """Keep what was loaded so far out of garbage collections: with LiteLLM it is so much that each takes 0.1 s.

    With a thousand generations under way a full one takes as long again, so these come seldom; little lives in cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
