"""Languages for search: which ones there are, in which one a text is written, and how a text becomes index terms.

Plain Python and Snowball stemmers; it knows no Django and no engine.
"""
