"""A run's figures as a page, as text and as rows."""

from bench.models.report.write import write_report

__all__ = ["write_report"]
