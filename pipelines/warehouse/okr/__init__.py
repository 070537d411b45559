"""The night's judgement: marts in, append-only result rows out."""
