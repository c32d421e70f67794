"""One message in full: its text with colours, folds and marks, and what has changed since the one before."""
