"""The lists as they are kept. Of each part of a collection one build is live; a new one takes its place whole, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from visual_search.errors import BadInput, said
from visual_search.features.recommendations.models import Build, Part

KEPT = 3  # finished builds of a part: the live one and two to go back to


def start(collection: str, part: Part, model: str) -> Build:
    """A build whose rows may be written now. Nobody reads them before `publish`."""
    return Build.objects.create(collection=collection, part=part, model=model)


def publish(build: Build, figures: Mapping[str, float]) -> None:
    """From now on pages read this build. Builds that nobody will go back to are deleted, unfinished ones among them."""
    with transaction.atomic():
        _of(build).filter(live=True).update(live=False)
        build.live, build.finished, build.figures = True, timezone.now(), dict(figures)
        build.save(update_fields=["live", "finished", "figures"])
    _prune(build)


def live(collection: str, part: Part) -> Build | None:
    """The build that pages read; None before the first one."""
    return Build.objects.filter(collection=collection, part=part, live=True).first()


def latest(collection: str, part: Part) -> Build | None:
    """The build that was finished last, be it live or not; None before the first one."""
    return Build.objects.filter(collection=collection, part=part, finished__isnull=False).order_by("finished").last()


def go_back(collection: str, part: Part) -> Build:
    """Make the build live that was finished before the one that is. Raises BadInput where none is kept."""
    with transaction.atomic():
        now = live(collection, part)
        rows = Build.objects.filter(collection=collection, part=part, finished__isnull=False, live=False)
        before = rows.filter(finished__lt=now.finished).order_by("finished").last() if now and now.finished else None
        if now is None or before is None:
            raise BadInput(
                said(
                    "There is no earlier build of '%(part)s' in '%(collection)s' to go back to.",
                    part=str(part),
                    collection=collection,
                )
            )
        Build.objects.filter(pk=now.pk).update(live=False)
        before.live = True
        before.save(update_fields=["live"])
    return before


def _of(build: Build) -> QuerySet[Build]:
    return Build.objects.filter(collection=build.collection, part=build.part)


def _prune(build: Build) -> None:
    finished = _of(build).filter(finished__isnull=False).order_by("-finished")
    kept = list(finished.values_list("pk", flat=True)[:KEPT])
    # A build that another process is making now is younger than this one, so it stays.
    _of(build).filter(pk__lte=build.pk).exclude(pk__in=kept).exclude(live=True).delete()
