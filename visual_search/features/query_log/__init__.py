"""A log of questions that can be studied but leads to nobody: docs/explanation/privacy.md."""
