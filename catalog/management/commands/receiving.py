"""`manage.py receiving`: a folder of photos and packing slips comes in as a delivery; or the ledger is verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from catalog.receiving import arriving, demonstrating, events, ledger
from catalog.receiving.models import Delivery, Supplier
from visual_search.errors import VisualSearchError
from visual_search.management.tables import TablesCommand

PHOTOS, SLIPS = {".jpg", ".jpeg", ".png", ".webp"}, "slip"
ACTOR = "command receiving"


class Command(TablesCommand):
    help = "Take a folder in as a delivery whose lines wait for a person, verify the ledger, or make an example."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        take = what.add_parser(
            "take", help="photos are goods; PDF files, and photos whose name begins with 'slip', are packing slips"
        )
        take.add_argument("folder", type=Path)
        take.add_argument("--supplier", help="its name")
        take.add_argument("--delivery", type=int, help="number of an open delivery; by default another one is opened")
        what.add_parser("verify", help="ends with 1 where a chain is broken or a level isn't the sum of its movements")
        what.add_parser(
            "demo", help="an example: a supplier, an order and a delivery with photos of the shop's own pictures"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "verify":
            self._verify()
        elif options["what"] == "demo":
            self._demo()
        else:
            self._take(options["folder"], options["supplier"], options["delivery"])

    def _verify(self) -> None:
        if problem := ledger.verify() or events.verify():
            raise CommandError(problem)
        self.stdout.write("The ledger is whole, and each level is the sum of its movements.")

    def _demo(self) -> None:
        try:
            made = demonstrating.make()
        except VisualSearchError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Delivery {made} waits at /receiving/." if made else "The example is there already.")

    def _take(self, folder: Path, name: str | None, number: int | None) -> None:
        if not folder.is_dir():
            raise CommandError(f"There is no folder '{folder}'.")
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in {*PHOTOS, ".pdf"})
        if not files:
            raise CommandError(f"'{folder}' has no photos (JPEG, PNG, WebP) and no PDF files.")
        delivery = self._delivery(name, number)
        lines, faults = 0, 0
        for path in files:
            is_slip = path.suffix.lower() == ".pdf" or path.stem.lower().startswith(SLIPS)
            try:
                if is_slip:
                    lines += len(arriving.take_slip(delivery, path.read_bytes(), path.name, ACTOR))
                else:
                    arriving.take_photo(delivery, path.read_bytes(), path.name, ACTOR)
                    lines += 1
            except (VisualSearchError, OSError) as problem:
                faults += 1
                self.stderr.write(f"{path.name}: {problem}")
        self.stdout.write(f"Delivery {delivery.pk}: {lines} lines wait for a person, {faults} files were left out.")

    def _delivery(self, name: str | None, number: int | None) -> Delivery:
        supplier = Supplier.objects.filter(name=name).first() if name else None
        if name and supplier is None:
            known = ", ".join(Supplier.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no supplier '{name}'. Known: {known}.")
        if number is None:
            return arriving.open_delivery(ACTOR, supplier=supplier)
        found = Delivery.objects.filter(pk=number).first()
        if found is None:
            raise CommandError(f"There is no delivery {number}.")
        return found
