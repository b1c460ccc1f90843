"""Pictures: opened safely, read, taken apart and compared. No Django, no database."""
