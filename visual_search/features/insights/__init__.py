"""What the owner of a shop learns of its searches: figures, lists with what helps, the catalogue's health, a weekly mail.

When a day of searches is sealed, its questions become counts that at least five clients share, and nothing else of them is kept.

Journey: `folding`, from a sealed day to its counts. The pages read those alone.
From the core: the signals `day_sealed`, `week_sealed` and `staff_looked`.
Docs: docs/how-to/insights.md, docs/explanation/privacy.md.

Modules of its own:
- `hiding`: a value is named only if enough clients share it, and totals add up.
- `percentiles`: times counted in steps, so that days can be added up.
- `figures`: what was folded, over a span of days.
- `comparing`: how a rate has changed, and how sure that is.
- `sheets`: a table that a page shows, a chart draws and a file exports.
- `charts`: a sheet as SVG.
- `dashboard`: tiles and sheets of a span.
- `decisions`: lists of what goes wrong, with what helps against it.
- `health`: what makes objects of the catalogue hard to find.
- `weekly`: the weekly report as a mail.
- `remedying`: what insights itself offers against it.

Its subcommands of `manage.py visual_search`: `check_catalogue` and `send_weekly_report`.
"""
