"""A ledger of requests to vendors that keeps them in memory."""

from providers.ledger import VendorCallRecord


class KeptAttempts:
    """What came of every request, in the order they ended."""

    def __init__(self) -> None:
        self.records: list[VendorCallRecord] = []

    def record(self, record: VendorCallRecord) -> None:
        """Keep it."""
        self.records.append(record)

    def __str__(self) -> str:
        return " ".join(f"{it.vendor}:{it.outcome.value}{'(hedge)' if it.is_hedge else ''}" for it in self.records)
