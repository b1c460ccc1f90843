"""Property tests here have no deadline: the machine may be busy, and time is not what they test."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
