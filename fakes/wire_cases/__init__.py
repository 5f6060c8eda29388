"""What real vendors, proxies and models were seen to send, each as a file of data; `README.md` says how to add one."""

from fakes.wire_cases.case import CASES, Case, load
from fakes.wire_cases.server import CaseServer

__all__ = ["CASES", "Case", "CaseServer", "load"]
