"""What is asked of each table before it is served, and what is refused."""
