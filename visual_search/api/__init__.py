"""The REST API: reads requests, calls one function, writes JSON."""
