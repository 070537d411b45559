"""Planning what is missing, reading it, and writing each window with its ledger row."""
