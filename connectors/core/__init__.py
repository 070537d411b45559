"""What every source shares: the protocol, HTTP with its retries, tokens, replies, typed columns and errors."""
