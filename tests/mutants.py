"""How many small changes of one module its tests notice: `make mutants MODULE=visual_search/ranking/fusion.py`.

mutmut makes the changes and runs the tests that reach each, in a copy of the tree, so that the tree stays as it is however
this ends. A change whose tests run out of time counts as noticed.
"""

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

CONFIG = """
[tool.mutmut]
source_paths = ["visual_search", "multilingual", "catalog", "config"]
only_mutate = {module}
pytest_add_cli_args = ["-p", "no:cacheprovider", "--hypothesis-seed=0"]
pytest_add_cli_args_test_selection = {tests}
"""


def mutmut(*arguments: str, output: int | None = subprocess.PIPE) -> str:
    here = dict.fromkeys(
        ("TMPDIR", "ENCODER_CACHE"), os.getcwd()
    )  # What changed code leaves behind goes with the copy.
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, env=os.environ | here, stdout=output, text=True, check=True).stdout


def main(module: Path, tests: list[str], most: int) -> None:
    parts = module.with_suffix("").parts
    folders = [Path("tests", *parts[first:last]) for first in (1, 0) for last in range(len(parts), first, -1)]
    mirrored = next(folder for folder in [*folders, Path("tests/core")] if folder.is_dir())
    with tempfile.TemporaryDirectory(prefix="mutants-") as copy:
        shutil.copytree(".", copy, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"), dirs_exist_ok=True)
        with contextlib.chdir(copy):
            with Path("pyproject.toml").open("a") as config:
                config.write(CONFIG.format(module=[str(module)], tests=tests or [str(mirrored)]))
            made = mutate_file_contents(str(module), module.read_text()).mutant_names
            tried = [get_mutant_name(module, name) for name in random.Random(0).sample(made, min(most, len(made)))]
            mutmut("run", "--max-children", "1", *tried, output=None)  # One at a time: they share a test database.
            found = dict(line.strip().rsplit(": ", 1) for line in mutmut("results").splitlines() if ": " in line)
            missed = [name for name in tried if found.get(name) in ("survived", "no tests")]
            sys.stdout.write("\n".join(["", *(mutmut("show", name) for name in missed)]))
    sys.stdout.write(f"{len(tried)} of {len(made)} changes tried, {1 - len(missed) / len(tried):.1%} of them noticed\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="*", help="default: the folder that mirrors the module")
    parser.add_argument("--most", type=int, default=40, help="how many changes, by chance but always the same")
    main(**vars(parser.parse_args()))
