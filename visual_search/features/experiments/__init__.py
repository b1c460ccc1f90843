"""Two rankings are tried against each other on the shop's own questions, and nobody is followed to do it.

While an experiment runs, the hits of both rankings are drafted into one list. What shoppers choose of it is counted when the day
is sealed, one vote for each browser, day and question.

Journey: `rescorer`, from a question's hits in the shop's order to the drafted list. `running` goes on when the day is sealed.
From the core: the hooks `RESCORERS` and `REWRITERS`, and the signal `day_sealed`.
Docs: docs/how-to/experiments.md, docs/explanation/privacy.md.

Modules of its own, in the order in which an experiment meets them:
- `current`: the experiment that runs, as this process knows it.
- `rewriter`: rules can't be drafted; they are tried by question and day.
- `drafting`: team-draft interleaving, with coins that only the shop can foretell.
- `teams`: which ranking picked a hit, as a short note in the closed box of the log.
- `voting`: the votes of a sealed day.
- `deciding`: e-value, guard-rails, and when they end an experiment.
- `running`: start, count a day, stop.
- `figures`: what the page and the command show.
- `charting`: the e-value over the days as a picture in SVG.
"""
