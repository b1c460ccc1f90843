"""Brand watch: listings that show a brand's pictures, or sell under its words far too cheaply, become cases for a person.

The machine proposes and never says "counterfeit"; a person decides; an append-only ledger keeps what was done, and undoes it.
Nothing is fetched from other sites, and nothing goes to a seller but by a person's click.

Journey: `watching`, from a listing to the cases that it opens.
From the core: the signal `staff_looked`.
Docs: docs/how-to/brand-protection.md

Modules of its own, in the order in which a listing meets them:
- `kinds`: what kinds of pictures, findings and statuses there are, as staff read them.
- `files`: where their pictures are kept.
- `offers`: where listings come from.
- `matching`: keypoints of a listing's picture that lie like those of a genuine one, mirrored or not.
- `votes`: visual words, and which genuine pictures share them.
- `levels`: from which figures on a picture counts as found.
- `gallery`: all genuine pictures, and which of them a picture shows.
- `storing`: the gallery in the database.
- `confirming`: a copied picture, or the same product photographed.
- `signs`: what words, sellers and prices say.
- `cases`: a case from proposal to settlement, and back.
- `ledger`: what happened to which case, in a chain.
- `telling`: the brand's own people are told.
- `notices`: what a person may send to a seller.
- `drawing`: two pictures with the parts that match.
- `exporting`: a case as a ZIP file with hashes and times.
- `tidying`: pictures that nobody needs any more are deleted.
- `calibrating`: the levels of the shop's own gallery.
- `demonstrating`: a small brand with altered copies, to try all this.
- `pages`: the pages of a case.
- `forms`: what staff may write.
- `background`: looks at what was just saved, in a thread of a process that serves.

Its subcommands of `manage.py visual_search`: `watch_listings`, `import_listings`, `rebuild_brands`, `calibrate_brands`,
`tell_brands` and `demo_brands`.
"""
