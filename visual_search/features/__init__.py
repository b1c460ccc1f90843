"""Apps that a shop may install on top of the core. Their form: docs/explanation/the-house.md, "The form of a feature"."""
