"""What people say of their key results: how sure they are, why, and what they do next."""
