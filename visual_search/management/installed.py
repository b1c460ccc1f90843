"""Finds the subcommands of `manage.py visual_search`: those of the core, and of each feature that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule

ROOT = "visual_search"


@dataclass(frozen=True)
class Subcommand:
    """A subcommand that may be asked for."""

    module: str
    line: str
    """What the help says of it."""

    def load(self) -> BaseCommand:
        """Import its module. Nothing else does, because encoders and engines come with it."""
        command: BaseCommand = import_module(self.module).Command()
        return command


def subcommands() -> dict[str, Subcommand]:
    """All by name, in the order of the help. An app of visual_search adds some by a package `management/subcommands/`.

    The package's `LINES` say which there are, with a line of help for each; a module of each name has the class `Command`.
    """
    ours = (config for config in apps.get_app_configs() if config.name.split(".")[0] == ROOT and config.module)
    by_name: dict[str, Subcommand] = {}
    for config in sorted(ours, key=lambda config: config.name != ROOT):  # The core's stand first.
        if module_has_submodule(config.module, "management.subcommands"):
            package = import_module(f"{config.name}.management.subcommands")
            by_name |= {name: Subcommand(f"{package.__name__}.{name}", line) for name, line in package.LINES.items()}
    return by_name
