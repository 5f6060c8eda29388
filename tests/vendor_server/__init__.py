"""A scriptable model vendor over loopback HTTP."""

from tests.vendor_server.behaviours import Behaviour
from tests.vendor_server.counters import Bill, Totals
from tests.vendor_server.pace import Pace
from tests.vendor_server.server import VendorServer

__all__ = ["Behaviour", "Bill", "Pace", "Totals", "VendorServer"]
