"""Ranking by behaviour: what shoppers choose more often than its place explains comes a little earlier for everybody.

When a day is sealed, looks and choices of each product are added up, without a question, a text or a shopper. A look far down
counts less, as fewer shoppers get there. The order among hits changes modestly, and only once there is enough to go by.

Journey: `rescorer`, from a question's hits to the same hits with what is often chosen a few places earlier.
From the core: the hook `RESCORERS` and the signal `day_sealed`.
Docs: docs/how-to/ranking-by-behaviour.md, docs/explanation/privacy.md.

Modules of its own, in the order in which a sealed day meets them:
- `places`: how likely a hit at a place is looked at, and how the shop's own questions tell it.
- `counting`: the looks and choices of a day, of products that enough browsers saw.
- `folding`: adds a day to what there is, of which half is forgotten with each half-life.
- `rates`: how much more often than usual something is chosen, as a factor of its score.
- `current`: what is known of the hits of a question.
"""
