"""`manage.py visual_search SUBCOMMAND`: the one name that we put among the commands of a shop, with all of ours below it.

A subcommand is a plain command of Django's in `management/subcommands/`. It is imported, and asked for its options, when
its name was read: so the list of all loads no encoder.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentError, Namespace
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from visual_search.management.installed import Subcommand, subcommands


class Command(BaseCommand):
    help = "All that visual search does by hand or from cron. `manage.py visual_search SUBCOMMAND --help` says more of one."
    missing_args_message = "Name a subcommand; --help lists them."

    _chosen: BaseCommand
    _awaited: Sequence[Action] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        listed = parser.add_subparsers(
            title="subcommands", dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=Subparser
        )
        for name, one in subcommands().items():
            listed.add_parser(name, help=one.line, choose=partial(self._choose, one, parser))
        listed.choices = Known(listed.choices)

    def _choose(self, one: Subcommand, above: CommandParser) -> CommandParser:
        """Load the subcommand, which `execute` will run, and return its parser."""
        command = self._chosen = one.load()
        parser = command.create_parser("", "")
        parser.called_from_command_line = above.called_from_command_line
        shared = {action.dest for action in above._actions}
        for action in parser._actions:
            if action.dest in shared:
                action.default = SUPPRESS  # `--verbosity 0` before the subcommand's name counts, unless one follows it.
        if not parser.called_from_command_line:
            # `call_command` brings options by name after the words were read, so those that must be there may still come.
            self._awaited = [action for action in parser._actions if action.required and action.option_strings]
            for action in self._awaited:
                action.required = False
            # Only this subcommand's options are allowed: one of another would be lost without a word.
            self.stealth_options = (*(action.dest for action in parser._actions), *command.stealth_options)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        del options["subcommand"]  # It is `_chosen` now.
        if missing := [action for action in self._awaited if options.get(action.dest) is None]:
            names = ", ".join("/".join(action.option_strings) for action in missing)
            raise CommandError(f"Error: the following arguments are required: {names}")
        try:
            return self._chosen.execute(*args, **options)
        finally:
            # Django writes a CommandError to our stream: in the subcommand's colours, or in none where none are wanted.
            self.stderr = self._chosen.stderr


class Subparser(CommandParser):
    """Stands for a subcommand's parser until the name of the subcommand is read."""

    def __init__(self, *, choose: Callable[[], CommandParser], **options: Any) -> None:
        super().__init__(add_help=False, **options)
        self._choose = choose

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        parser = self._choose()
        parser.prog = self.prog
        # What the subcommand doesn't know is refused here, beside its own usage and not that of all.
        return parser.parse_args(args, namespace), []


class Known(dict[str, Subparser]):
    """The subcommands that may be named. Argparse asks whether a name is among them; its own refusal would name no near one."""

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        near = nearest(str(name), self)
        hint = f"did you mean '{near}'?" if near else f"there are {', '.join(self)}."
        raise ArgumentError(None, f"unknown subcommand '{name}': {hint}")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant: one that the word begins with, or that begins with it, or that looks most like it."""
    names = list(names)
    begins = (name for name in names if word.startswith(name) or (word and name.startswith(word)))
    return next(begins, None) or next(iter(get_close_matches(word, names, n=1)), None)
