"""The embedded engine beside what one would take in its place: same data, same machine, one core. `make peers` runs it.

The peers have an environment of their own (`requirements.txt`), so files in this folder but for `ours.py` and `__main__.py`
import nothing of the project.
"""
