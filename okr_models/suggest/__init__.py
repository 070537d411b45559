"""Which target is realistic: what a client's own months say of a period to come."""
