"""`manage.py visual_search keys`: make, list, rotate and revoke keys of the REST API."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from visual_search.management.tables import TablesCommand
from visual_search.models import ApiKey, Scope

ACTIONS = ("add", "list", "rotate", "revoke")


class Command(TablesCommand):
    help = (
        "Make, list, rotate and revoke keys of the REST API. A secret is printed once, alone on its line: the shop keeps "
        "only a hash of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=ACTIONS)
        parser.add_argument(
            "key", nargs="?", default="", help="add: a name for it; rotate, revoke: its prefix, as list shows it"
        )
        parser.add_argument(
            "--scope", action="append", choices=Scope.values, help="what it is good for (default: search)"
        )
        parser.add_argument(
            "--origin", action="append", default=[], help="a page that may use it: https://www.example.com"
        )
        parser.add_argument("--per-minute", type=int, help="how much may be asked with it in a minute")
        parser.add_argument("--days", type=float, help="how long it is good (default: until it is revoked)")
        parser.add_argument("--grace-hours", type=float, default=24.0, help="how long a rotated secret stays good (24)")

    def handle(self, *args: Any, action: str, key: str, **options: Any) -> None:
        if action == "list":
            self._list()
        elif not key:
            raise CommandError(
                f"keys {action} needs " + ("a name for the key." if action == "add" else "the key's prefix.")
            )
        elif action == "add":
            self._add(key, options)
        elif action == "rotate":
            self._rotate(self._named(key), options["grace_hours"])
        else:
            self._named(key).revoke()
            self.stdout.write("It opens nothing any more.")

    def _add(self, name: str, options: dict[str, Any]) -> None:
        days = options["days"]
        if days is not None and not 0 < days <= 36_500:
            raise CommandError(f"--days is {days:g}; it must lie between 0 and 36500.")
        try:
            _, secret = ApiKey.objects.issue(
                name,
                options["scope"] or [Scope.SEARCH.value],
                origins=options["origin"],
                per_minute=options["per_minute"],
                expires_at=None if days is None else timezone.now() + timedelta(days=days),
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        self.stdout.write(secret)

    def _rotate(self, key: ApiKey, hours: float) -> None:
        if not 0 <= hours <= 24 * 365:
            raise CommandError(f"--grace-hours is {hours:g}; it must lie between 0 and {24 * 365}.")
        if key.state == "revoked":
            raise CommandError(f"{key} is revoked; add another key.")
        self.stdout.write(key.rotate(timedelta(hours=hours)))

    def _list(self) -> None:
        for key in ApiKey.objects.order_by("created_at"):
            good_for = ", ".join([*key.scopes, *key.origins])
            used = f"used {_day(key.last_used_at)}" if key.last_used_at else "never used"
            until = f", until {_day(key.expires_at)}" if key.expires_at else ""
            self.stdout.write(f"{key.prefix}  {key.state}  {key.name}: {good_for}; {used}{until}")

    def _named(self, prefix: str) -> ApiKey:
        key = ApiKey.objects.filter(prefix=prefix).first()
        if key is None:
            # A whole secret that was given by mistake isn't printed again.
            raise CommandError(f"There is no key {prefix[:11]!r}. `keys list` shows the prefix of each.")
        return key


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
