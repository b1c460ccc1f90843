"""Encoders turn pictures and words into unit vectors. `base.py` is the protocol."""
