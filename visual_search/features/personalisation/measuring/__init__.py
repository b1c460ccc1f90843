"""Figures of personal order. `purchases`: whom it helps and whom it hurts. `overhead`: how long it takes."""
