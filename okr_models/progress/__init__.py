"""From monthly figures to a key result's progress, status and sentence, and an objective's roll-up."""
