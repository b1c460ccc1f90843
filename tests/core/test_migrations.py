"""What a shop has learned outlives new names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils.module_loading import import_string

from visual_search.models import StoredCalibration

SCALE = {"low": 0.1, "high": 0.9, "admits": 0.5, "wrong": None, "probes": 40, "space": "x"}


@pytest.mark.django_db
def test_scales_of_a_renamed_leg_stay() -> None:
    learned = StoredCalibration.objects.create(
        collection="products", fingerprint="x", limits={"texts": {"seen": SCALE, "meaning": SCALE}}
    )
    bare = StoredCalibration.objects.create(collection="articles", fingerprint="x", limits={})
    operation = import_string("visual_search.migrations.0005_depicted_leg.Migration").operations[0]
    operation.code(apps, SimpleNamespace(connection=connection))
    learned.refresh_from_db()
    bare.refresh_from_db()
    assert learned.limits == {"texts": {"depicted": SCALE, "meaning": SCALE}}
    assert bare.limits == {}
    operation.reverse_code(apps, SimpleNamespace(connection=connection))
    learned.refresh_from_db()
    assert learned.limits == {"texts": {"seen": SCALE, "meaning": SCALE}}
