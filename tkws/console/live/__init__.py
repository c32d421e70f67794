"""Views of live data: JSON fields, one row for each key, and plots."""
