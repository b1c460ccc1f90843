"""`visual_search compare_models` with real encoders: it lets a better one in and keeps a worse one out."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from visual_search.measuring import history
from visual_search.measuring.contenders import NAMED, contender

Folders = tuple[Path, Path]


def test_an_encoder_that_sees_no_colour_is_refused_for_coloured_discs(
    folders: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {
        "catalogue": folders[0],
        "queries": folders[1],
        "tasks": "grocery_photo",
        "cache": tmp_path / "cache",
        "vectors_alone": True,
    }
    file = tmp_path / "new" / "differences.json"
    with pytest.raises(CommandError, match=r"B is worse than A: grocery_photo exact@1 -.*Keep A\.") as refused:
        call_command("visual_search", "compare_models", "colour", "hog", json=file, **options)
    assert refused.value.returncode == 1
    (at_1, _) = json.loads(file.read_text())
    assert (at_1["first"], at_1["metric"], at_1["queries"]) == (1.0, "exact@1", 6)
    assert at_1["second"] < 0.5

    colour, hog = [run.run for run in history.history(tmp_path / "cache")]
    call_command("visual_search", "compare_models", hog, colour, cache=tmp_path / "cache")
    printed = capsys.readouterr().out
    assert "better" in printed
    assert "B isn't worse than A" in printed


def test_what_cannot_be_compared_exits_with_2(folders: Folders, tmp_path: Path) -> None:
    for names, reason in [
        (("default", "colour"), "name --tasks"),
        (("nonsense", "colour"), "begins with 'nonsense'"),
        (("{", "colour"), "names no encoder"),
        ((str(tmp_path / "none.json"), "colour"), "names no encoder"),
    ]:
        with pytest.raises(CommandError, match=reason) as caught:
            call_command("visual_search", "compare_models", *names, cache=tmp_path)
        assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="needs --catalogue"):
        call_command("visual_search", "compare_models", "hog", "colour", tasks="product_views", cache=tmp_path)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_each_name_is_an_encoder_of_this_package(name: str) -> None:
    one = contender(name)
    if name != "autoencoder":  # It must be trained first.
        assert one.cls(**one.options).card.image.dims > 1


def test_a_setting_may_come_as_json(tmp_path: Path) -> None:
    setting = {
        "BACKEND": "visual_search.encoders.classic.ClassicEncoder",
        "OPTIONS": {"cache": str(tmp_path), "features": ["hsv"]},
    }
    (tmp_path / "plain.json").write_text(json.dumps(setting))
    assert contender(json.dumps(setting)).options == contender(str(tmp_path / "plain.json")).options
    assert contender(str(tmp_path / "plain.json")).name == "plain"
