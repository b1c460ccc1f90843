"""Languages for search: which there are, in which a text is written, how a text becomes index terms, what a slip is meant to be.

It knows no Django and no engine. Beside Python it needs Snowball's stemmers and rapidfuzz.
"""
