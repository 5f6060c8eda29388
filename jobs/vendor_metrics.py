"""Prometheus figures of every request to a vendor, from the records that go into the ledger.

Labels are the vendors' names in the configuration and words of closed lists.
"""

from prometheus_client import Counter, Histogram

from providers.ledger import Ledger, VendorCallRecord

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0)
ACCEPTED = "accepted"

ATTEMPTS = Counter("retake_vendor_attempts", "Requests to vendors", ("vendor", "outcome", "hedge"))
SECONDS = Histogram("retake_vendor_attempt_seconds", "Time of a request to a vendor", ("vendor",), buckets=BUCKETS)
ITEMS = Counter(
    "retake_vendor_items", "Items that vendors wrote, accepted or by the rule broken", ("vendor", "verdict")
)
MENDED = Counter("retake_vendor_mended", "What had to be mended to read answers, by rule", ("vendor", "rule"))
COST = Counter("retake_vendor_cost_dollars", "US dollars, as far as prices are known", ("vendor",))
LOST = Counter("retake_ledger_records_lost", "Records of requests to vendors that could not be stored")


class CountingLedger:
    """Counts every record and passes it on."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, record: VendorCallRecord) -> None:
        """Count one attempt."""
        vendor = record.vendor
        ATTEMPTS.labels(vendor, record.outcome.value, "yes" if record.is_hedge else "no").inc()
        SECONDS.labels(vendor).observe(record.seconds)
        for verdict, items in ({ACCEPTED: record.accepted} | record.rejected).items():
            ITEMS.labels(vendor, verdict).inc(items)
        for rule, times in record.mended.items():
            MENDED.labels(vendor, rule).inc(times)
        COST.labels(vendor).inc(record.cost or 0.0)
        self._ledger.record(record)
