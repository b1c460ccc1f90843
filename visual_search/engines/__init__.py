"""Engines keep documents and answer legs. `base.py` is the protocol."""
