"""Levels of the shop's own gallery, and the measure."""

from __future__ import annotations

import csv
import shutil

import pytest
from django.core.management import CommandError, call_command

from tests.features.brand_protection.market import GENUINE, IMAGES, OTHERS
from visual_search.features.brand_protection import calibrating, storing
from visual_search.features.brand_protection.levels import Levels
from visual_search.features.brand_protection.measuring import alterations, copies
from visual_search.features.brand_protection.models import Thresholds
from visual_search.measuring.measures import Conditions

FEW = {name: alterations.ALTERATIONS[name] for name in ("saved again", "mirrored", "collage of 4")}


@pytest.fixture
def few(monkeypatch) -> None:
    for module in (calibrating, copies):
        monkeypatch.setattr(module, "ALTERATIONS", FEW)


def test_levels_are_learned_and_hold(market, few, monkeypatch, capsys) -> None:
    assert storing.levels() == Levels()
    with pytest.raises(CommandError, match="6 genuine pictures are too few to learn from; 20 are needed"):
        call_command("visual_search", "calibrate_brands")
    monkeypatch.setattr(calibrating, "LEAST", 2)
    monkeypatch.setattr(calibrating, "_OTHERS", 2)
    call_command("visual_search", "calibrate_brands", "--pictures", "3", "--dry-run")
    assert not Thresholds.objects.exists()
    call_command("visual_search", "calibrate_brands", "--pictures", "3")
    row = Thresholds.objects.get()
    assert storing.levels() == Levels(row.inliers, row.cosine)
    assert 4 <= row.inliers <= 30
    assert row.recall > 0.8
    assert row.false_alarms <= 0.01
    # A cosine of another encoder says nothing here.
    Thresholds.objects.update(fingerprint="another")
    assert storing.levels() == Levels(row.inliers, Levels().cosine)


def test_the_measure_finds_copies_and_no_strangers(few, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(copies, "_BESIDE", 2)
    catalogue, images = tmp_path / "catalogue", tmp_path / "queries/scene_coco/images"
    (catalogue / "images").mkdir(parents=True)
    images.mkdir(parents=True)
    with (catalogue / "products.csv").open("w") as file:
        writer = csv.DictWriter(file, ["sku", "title", "image", "category", "source_id"])
        writer.writeheader()
        for name in GENUINE:
            writer.writerow({"sku": name, "title": name, "image": f"images/{name}.jpg"})
            shutil.copy(IMAGES / f"{name}.jpg", catalogue / "images")
    for name in OTHERS:
        shutil.copy(IMAGES / f"{name}.jpg", images)
    table = copies.measure(tmp_path / "queries", Conditions(tmp_path, limit=2, catalogue=catalogue))
    assert set(table.rows) == {*FEW, "mean", "false alarms"}
    assert table.rows["saved again"]["found"] == table.rows["mirrored"]["by points"] == 1.0
    assert table.rows["false alarms"]["found"] == 0.0
    assert "listings an hour" in table.notes[1]
