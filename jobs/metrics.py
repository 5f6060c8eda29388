"""Prometheus figures of the jobs; every label is a word of a closed list."""

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0, 300.0)

JOBS = Counter("retake_jobs", "Jobs that ended, by kind and how", ("kind", "outcome"))
SECONDS = Histogram("retake_job_seconds", "Time of one run of a job", ("kind",), buckets=BUCKETS)
UNDER_WAY = Gauge("retake_jobs_under_way", "Jobs at work", ("kind",), multiprocess_mode="livesum")
SETS_REFUSED = Counter(
    "retake_sets_refused", "Sets that broke a rule of sets when they were about to be shown", ("rule",)
)
