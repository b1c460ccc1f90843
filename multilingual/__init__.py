"""Languages for search: which there are, which one a text is in, and how a text becomes index terms.

Plain Python (and Snowball stemmers); knows no Django and no engine.
"""
