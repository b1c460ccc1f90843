"""Both commands from end to end, with the real encoder and a scratch index."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from visual_search import wiring
from visual_search.models import Embedding, IndexEntry

Folders = tuple[Path, Path]


@pytest.mark.django_db
def test_quality_is_measured_without_touching_the_shop(
    folders: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = wiring.engine().health().documents
    file = tmp_path / "new folder" / "report.json"
    call_command(
        "visual_search",
        "measure_quality",
        "grocery_photo",
        "text_multilingual",
        catalogue=folders[0],
        queries=folders[1],
        json=file,
        cache=tmp_path / "cache",
    )
    printed = capsys.readouterr().out
    assert "grocery_photo: 6 queries over 6 items" in printed
    document = json.loads(file.read_text())
    assert document["versions"]["numpy"]
    (line,) = (tmp_path / "cache" / "history.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["run"] == document["run"]
    assert kept["tasks"]["grocery_photo"]["results"]["exact@1"] == [1.0, 1.0, 1.0]
    reports = {report["task"]: report for report in document["reports"]}
    photo, text = reports["grocery_photo"]["results"], reports["text_multilingual"]["results"]
    assert photo["search"]["exact@1"]["mean"] == 1.0
    assert set(photo) == {"search", "colour", "random"}
    assert photo["random"]["exact@1"]["mean"] < 0.6
    assert set(text) == {"search", "random"}
    assert text["search"]["exact@1"]["mean"] == 1.0
    assert set(reports["text_multilingual"]["languages"]) == {"de", "en"}
    assert wiring.engine().health().documents == before
    assert (IndexEntry.objects.count(), Embedding.objects.count()) == (0, 0)


def test_a_second_run_gives_the_same_figures_from_the_cache(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> object:
        file = tmp_path / "report.json"
        call_command(
            "visual_search",
            "measure_quality",
            "grocery_photo",
            catalogue=folders[0],
            queries=folders[1],
            json=file,
            cache=tmp_path / "cache",
            grey=True,
        )
        (report,) = json.loads(file.read_text())["reports"]
        return report["results"]

    first = run()

    def refuse(*args: object) -> None:
        raise AssertionError("The pictures were encoded again.")

    monkeypatch.setattr(type(wiring.encoder()), "images", refuse)
    assert run() == first


def test_mistakes_end_in_a_plain_sentence(folders: Folders, tmp_path: Path) -> None:
    for tasks, reason in [(["nonsense"], "no task 'nonsense'"), (["logos"], "can't be read")]:
        with pytest.raises(CommandError, match=reason):
            call_command(
                "visual_search", "measure_quality", *tasks, catalogue=folders[0], queries=folders[1], cache=tmp_path
            )
    (folders[0] / "images/red.jpg").write_bytes(b"no picture")
    with pytest.raises(CommandError, match=r"red\.jpg"):
        call_command(
            "visual_search",
            "measure_quality",
            "grocery_photo",
            catalogue=folders[0],
            queries=folders[1],
            cache=tmp_path,
        )


def test_encoders_stand_in_one_table_with_their_cost_and_their_runs_are_kept(
    folders: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"catalogue": folders[0], "queries": folders[1], "cache": tmp_path / "cache"}
    file = tmp_path / "table.json"
    call_command("visual_search", "measure_quality", "grocery_photo", encoders="colour,hog", json=file, **options)
    printed = capsys.readouterr().out
    assert "(1) grocery_photo exact@1" in printed
    assert "CPU ms" in printed
    colour, hog = json.loads(file.read_text())["encoders"]
    assert [one["name"] for one in (colour, hog)] == ["colour", "hog"]
    at_1 = [one["reports"][0]["results"]["search"]["exact@1"]["mean"] for one in (colour, hog)]
    assert at_1[0] == 1.0 > at_1[1]
    for one in (colour, hog):
        assert one["ms"] > 0
        assert 30 < one["mb"] < 2000
    assert colour["bytes_an_item"] == 4 * (384 + 1)  # HSV, one number for "nothing to see", one picture each
    call_command("visual_search", "measure_quality", history=True, cache=tmp_path / "cache")
    printed = capsys.readouterr().out
    assert printed.count("(first)") == 4
    assert "by vectors alone" in printed
    with pytest.raises(CommandError, match="asks in words"):
        call_command("visual_search", "measure_quality", "text_multilingual", encoders="colour", **options)
    with pytest.raises(CommandError, match="no encoder 'nonsense'"):
        call_command("visual_search", "measure_quality", "grocery_photo", encoders="nonsense", **options)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Name a task"):
        call_command("visual_search", "measure_quality", cache=tmp_path)
    with pytest.raises(CommandError, match="Nothing was measured yet"):
        call_command("visual_search", "measure_quality", history=True, cache=tmp_path)
    with pytest.raises(CommandError, match="scene_coco needs --queries"):
        call_command("visual_search", "measure_quality", "scene_coco", cache=tmp_path)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["bench", "measure_quality", "measure_grades", "compare_models"])
def test_a_file_that_can_not_be_written_is_named_before_anything_is_measured(
    command: str, folders: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {"bench": [], "measure_quality": ["grocery_photo"], "measure_grades": ["grocery_photo"]}
    options = {} if command in ("bench", "compare_models") else {"catalogue": folders[0], "queries": folders[1]}
    (tmp_path / "file").touch()
    before = set(tmp_path.iterdir())
    for path in (tmp_path, tmp_path / "file" / "x.json"):
        with pytest.raises(CommandError, match=f"--json is {path}, which can't be written: .* Name a file in a folder"):
            call_command("visual_search", command, *arguments.get(command, ["a", "b"]), json=path, **options)
    assert capsys.readouterr().out == ""
    assert set(tmp_path.iterdir()) == before


@pytest.mark.django_db
def test_bench_reports_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.json"
    call_command("visual_search", "bench", products=200, questions=3, json=file)
    printed = capsys.readouterr().out
    for part in ("200 products", "of the encoder", "photo and words", "recall@10", "peak memory"):
        assert part in printed
    found = json.loads(file.read_text())
    assert found["recall_at_10"] == 1.0
    assert found["indexing_ratio"] == pytest.approx(
        found["indexing_pictures_per_second"] / found["encoder_pictures_per_second"]
    )
    assert found["taught"]
    assert found["machine"]["cores"] >= 1
    for name, latency in found["questions"].items():
        assert latency["p50"] <= latency["p95"], name
        assert all(value >= 0 for value in latency["steps_p50"].values()), name
    steps = {name: latency["steps_p50"] for name, latency in found["questions"].items()}
    suggested = {"suggest", "suggest, a slip"}
    assert {name for name, step in steps.items() if not step["facets"]} == suggested, "Suggestions count nothing."
    for looking in ("keypoints", "reader", "comparing"):
        assert {name for name, step in steps.items() if step[looking]} == {
            "photo",
            "photo and words",
            "photo, filtered",
        }
    kinds = {"photo", "words", "photo and words", "photo, filtered", "similar", "browse"}
    assert set(found["questions"]) == kinds | suggested
    with pytest.raises(CommandError, match="1 or more"):
        call_command("visual_search", "bench", products=0)


@pytest.mark.django_db
def test_growth_is_measured_at_each_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "growth.json"
    call_command("visual_search", "bench", growth=[50, 120], questions=3, json=file)
    printed = capsys.readouterr().out
    assert "Growth of embedded" in printed
    assert " 120 " in printed
    sizes = json.loads(file.read_text())["sizes"]
    assert [size["products"] for size in sizes] == [50, 120]
    for size in sizes:
        assert size["recall_at_10"] == 1.0
        assert all(0 < p50 <= p95 for p50, p95 in size["questions"].values())
    with pytest.raises(CommandError, match="each 1 or more"):
        call_command("visual_search", "bench", growth=[10, 0])


def test_the_shops_engine_keeps_nothing_of_a_scratch_collection(folders: Folders, tmp_path: Path) -> None:
    before = wiring.engine().health().documents
    call_command(
        "visual_search",
        "measure_quality",
        "grocery_photo",
        catalogue=folders[0],
        queries=folders[1],
        cache=tmp_path,
        limit=1,
        configured_engine=True,
    )
    assert wiring.engine().health().documents == before
