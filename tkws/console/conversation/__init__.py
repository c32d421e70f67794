"""The conversation on the screen: the table with its columns and filter, and its files."""
