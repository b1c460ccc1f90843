"""What the tests do with the query log: many clients, a clock, and a copy of everything that is kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from django.apps import apps
from django.core import serializers

from visual_search.features.query_log import collecting, options, sealing
from visual_search.features.query_log import vocabulary as words
from visual_search.features.query_log.models import VocabularyWord
from visual_search.privacy.keys import DAY_SECONDS
from visual_search.privacy.masking import vocabulary
from visual_search.privacy.pseudonyms import client_material
from visual_search.types import Hit, Page, Query, QueryPicture, Witness

MORNING = 20_412 * DAY_SECONDS + 9 * 3600  # the first day of a window of 28 days: 20,412 = 729 * 28


class Shop:
    def __init__(self, settings, monkeypatch, folder: Path) -> None:
        self.settings, self.monkeypatch, self.folder = settings, monkeypatch, folder
        self.now = float(MORNING)
        monkeypatch.setattr(options, "clock", lambda: self.now)
        self.buffer = collecting.Buffer()
        for module in ("collecting", "receivers", "events", "erasure"):
            monkeypatch.setattr(f"visual_search.features.query_log.{module}.buffer", self.buffer)

    def use(self, **given) -> None:
        log = {"KEY_FOLDER": self.folder, "K": 3, "IN_BACKGROUND": False, **given}
        self.settings.VISUAL_SEARCH = {**self.settings.VISUAL_SEARCH, "QUERY_LOG": log}

    def close(self) -> None:
        words.forget()
        options.forget()

    def ask(
        self,
        words: str = "red chair",
        client: int = 0,
        *,
        hits: Iterable[str] = ("1", "2"),
        said: Witness | None = None,
        **more,
    ) -> uuid.UUID:
        """One question of one client, straight into the buffer; `said` is what stood in its photo."""
        query_id = uuid.uuid4()
        self.buffer.question(
            Query(words=words, **more),
            replace(page(query_id, hits), pictures=(QueryPicture(witness=said),) if said else ()),
            material=material(client),
            opted_out=False,
        )
        return query_id

    def later(self, *, days: float = 0, hours: float = 0) -> None:
        self.now += days * DAY_SECONDS + hours * 3600

    def to_midnight(self, *, minutes: float) -> None:
        """That long after the end of this UTC day."""
        self.now += DAY_SECONDS - self.now % DAY_SECONDS + minutes * 60

    def finish_day(self) -> list[int]:
        self.buffer.flush()
        self.to_midnight(minutes=40)
        return sealing.seal_due()

    def knows(self, *texts: str) -> None:
        VocabularyWord.objects.bulk_create([VocabularyWord(word=word) for word in sorted(vocabulary(texts))])
        words.forget()

    @staticmethod
    def everything() -> str:
        """All that the log's tables hold, as text; bytes as hex."""
        kept = []
        for model in apps.get_app_config("visual_search_query_log").get_models():
            rows = json.loads(serializers.serialize("json", model.objects.all()))
            kept += [json.dumps(row, ensure_ascii=False) for row in rows]
            for name in (field.name for field in model._meta.fields if field.get_internal_type() == "BinaryField"):
                kept += [bytes(value).hex() for value in model.objects.values_list(name, flat=True)]
        return "\n".join(kept)


def material(client: int) -> str:
    return client_material(address=f"203.0.{client}.9", user_agent=f"Browser/{client}")


def page(query_id: uuid.UUID, hits: Iterable[str] = ()) -> Page:
    listed = tuple(Hit(id, 1.0) for id in hits)
    return Page(
        query_id=str(query_id),
        took_ms=50,
        total=len(listed),
        relation="eq",
        hits=listed,
        facets=(),
        page=1,
        page_size=24,
        language="en",
    )
