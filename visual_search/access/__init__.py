"""The door: which keys open it, how often one may ask, and which answers are ours."""
