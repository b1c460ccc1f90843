"""Personal order: a search shows first what suits the things that the shopper's device remembers.

The browser sends its memory along with the question, the server uses it for that one answer, and the shop keeps no profile.

Journey: `rescorer`, from a question with a memory and its best hits to the same hits in personal order.
From the core: the hook `RESCORERS` and the signal `index_rebuilt`.
Docs: docs/how-to/personal-order.md, docs/explanation/privacy.md.

Modules of its own:
- `item_vectors`: makes one vector for each object, brought up to date with the index.
- `item_cache`: hands the rescorer hundreds of these vectors at once.
- `accounts`: the account's sealed copy of a memory, for shoppers who ask for one.
"""
