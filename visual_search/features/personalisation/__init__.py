"""Personal order without a profile on the server: docs/explanation/privacy.md says what is kept where."""
