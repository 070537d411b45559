"""One module a vendor, each speaking that vendor's wire format; ``registry.py`` lists them.

A new vendor is one module with a ``VENDOR`` (see ``connectors/sandbox/call.py``) and a line in the registry.
"""
