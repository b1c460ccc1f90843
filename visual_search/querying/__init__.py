"""From a request's parts to one result set. `search.py` tells in which order these modules work."""
