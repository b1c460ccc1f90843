"""A log of questions that can be studied, and that leads to nobody once its day is over.

The core announces each answered question; the log writes a masked row of it, and counts what was done with the answer.

Journey: `collecting`, from an answered question to its row in the table. `sealing` goes on from there when the day is over.
From the core: the signals `search_served`, `phrases_wanted`, `staff_looked`, `day_sealed` and `week_sealed`.
Docs: docs/how-to/query-log.md, docs/explanation/privacy.md.

Modules of its own, in the order in which a question meets them:
- `consent`: which browser asks, and whether it asks not to be logged.
- `rows`: from an answered question to the row that may be kept.
- `facts`: what is kept of the answer in the row's closed box, until the day is over.
- `events`: what was done with an answer, if the shop has the object.
- `background`: the thread that writes, so that no shopper waits.
- `writing`: a batch of rows, in random order and one transaction.
- `retrying`: batches that wait until the database is back.
- `vocabulary`: the catalogue's own words; only these stay readable in a masked row.
- `sealing`: the end of a day: texts that many typed become readable, the key is destroyed, old rows are deleted.
- `announcing`: what features hear of a day that is sealed.
- `weeks`: texts that enough clients typed within a week, where the shop wants that.
- `tallies`: which categories, labels and products the client-days of a window ask about, in a box.
- `releasing`: public lists, each made once for a window and paid for in the ledger.
- `erasure`: a browser takes its rows back.
- `report`: what staff see.
- `ubi`: rows and events in the format of OpenSearch's UBI 1.3.
- `audit`: who looked at or took out what.
"""
