"""A detector that finds a thing in each half of every photo, and a throttle that lets nobody pass."""

from __future__ import annotations

from rest_framework.throttling import BaseThrottle

from visual_search.types import Region


class Halves:
    def regions(self, image, *, faint=False):
        left, right = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
        return (Region(left, "chair", 0.9), Region(right, "seat", 0.8))


class Never(BaseThrottle):
    def allow_request(self, request, view):
        return False
