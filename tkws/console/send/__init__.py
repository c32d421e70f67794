"""Sending: the box to write in, files, replays, and the messages that were sent before."""
