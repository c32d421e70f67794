"""Views of live data: one row for each key, and plots."""
