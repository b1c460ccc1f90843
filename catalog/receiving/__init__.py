"""Goods come in: the machine proposes what a photo, a code or a packing slip shows, a person confirms, a ledger can undo.

Journey: `arriving` (what came in becomes lines with candidates) -> `confirming` (a line becomes stock, and back).

- `kinds`: places, movements, lines and orders as staff read them. `models`: the tables.
- `ledger`: stock moves from one place to another; rows are only added.
- `gs1`: what a code says beside the article: lot, expiry, serial number, count.
- `matching`: which products a code, a supplier's code, words or a photo mean. `counting`: how many alike a photo shows.
- `slips/`: packing slips become rows of cells, and these become lines; `pdf_reader` reads a PDF in a process with limits.
- `reordering`: what to order when. `purchasing`: orders to suppliers.
- `events`: who decided what, in a chain. `pages`, `forms`: the desk. `demonstrating`: an example.
- `measuring/`: how good all this is.
"""
