"""The report: one self-contained HTML file a client (``client.py``), and one over all clients (``agency.py``)."""
