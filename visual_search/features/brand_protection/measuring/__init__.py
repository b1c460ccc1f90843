"""How many altered copies are found, at how many false alarms, and how many listings a core looks at in an hour."""
