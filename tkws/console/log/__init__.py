"""The rows of a conversation, which is what was sent, received and happened: kept, filtered, in files."""
