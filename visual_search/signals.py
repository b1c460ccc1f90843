"""Signals that the core sends, so that features and shops hear what happened."""

from django.dispatch import Signal

# Send it after `update()`, `bulk_create()` or raw SQL, which send no save signals of their own.
# Arguments: sender = the model class; ids = primary keys; deleted = True when they are gone.
objects_changed = Signal()

# After an answer was made. Arguments: query (types.Query), page (types.Page), context (dict of plain values). `log: False` in it
# says that the caller wants no note of this question, such as one that only counts what belongs to another.
search_served = Signal()

# After a rebuild swapped its index in. Arguments: collection, report (types.RebuildReport).
index_rebuilt = Signal()

# When a day (UTC) is over and its questions may be read for the only time, inside the transaction that closes them for good.
# Arguments: day = days since 1970; questions = tuple of types.SealedQuestion, in random order; counts = all questions of the
# day by name ("queries", "queries.text", "found.nothing", "language.en"), those of shoppers who want no row among them.
# What a receiver writes is kept if the day is closed, and else not, so nothing is counted twice. It wraps its writes in
# `transaction.atomic()`. If it raises, the day stays open and is announced again ten minutes later, until time runs out. A day
# may be announced more than once: other questions come each time, which are added; `counts` are always those of the whole day.
day_sealed = Signal()

# When several days are over and words of them become readable that too few typed on one day, inside the transaction that deletes
# what they were read from. Arguments: first = days since 1970; days = how many; texts = tuple of types.SealedText, each once. If
# a receiver raises, all stays as it was, and it is announced again.
week_sealed = Signal()

# When staff open or take out what shoppers typed. Arguments: actor ("user 3"), action ("view words"), facts = numbers and names,
# never what was seen. Whoever keeps an audit log of it writes it down.
staff_looked = Signal()

# Before questions are suggested, about once an hour. Argument: collection. A receiver answers {what people asked: how often} of
# that which anybody may read, such as a list that is released with differential privacy.
phrases_wanted = Signal()
