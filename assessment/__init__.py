"""The rules of the domain: what may be asked, answered, scored and asked again.

Standard library and msgspec only; nothing here knows HTTP, SQL or a model vendor.
"""
