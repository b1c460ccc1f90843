"""What keeps shoppers unknown: sealing, day keys, pseudonyms, thresholds, personal forms, noise. No Django, no database."""
