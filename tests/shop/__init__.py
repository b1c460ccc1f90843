"""A tiny shop that only tests use: it shows that search needs nothing of the reference shop."""
