"""The one name that can be found while `asked` records who is looked up."""

VENDOR = "vendor.test"
