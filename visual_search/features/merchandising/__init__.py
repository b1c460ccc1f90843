"""The owner's desk: rules for questions, and words that stand for others, written in the admin and tried before they are saved.

A rule asks for words, filters, a time, or what a photo shows, and pins, hides, boosts, filters, replaces, redirects or says
something. Rules and synonyms hold in all processes within two seconds, without a rebuild.

Journey: `curator`, from a question's hits to the hits that rules make of them; `rewriter` and `rescorer` come before it.
From the core: `REWRITERS`, `RESCORERS`, `CURATORS`.
Docs: docs/how-to/merchandising.md

Modules of its own, in the order in which a question meets them:
- `kinds`: what conditions, actions and synonyms there are, as staff read them.
- `rules`: rules and synonyms as plain values.
- `current`: what holds in this process, and when it is read again.
- `facts`: what conditions may ask of a question.
- `matching`: all rules, found by what a question has.
- `synonyms`: which words stand for which.
- `rewriter`: replacements, synonyms, filters and orders, before the question is asked.
- `filters`: what an action asks of a field.
- `rescorer`: boosts and buries.
- `placing`: pins at their places, and what is hidden out of them.

And for staff:
- `revisions`: what was changed by whom, in a chain, and back.
- `tables`: synonyms as CSV.
- `forms`: what may stand in a rule, said in words where it may not.
- `trying`: a question before and after a change.
- `workbench`: the page that shows it, and saves.
"""
