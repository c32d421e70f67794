"""Watches: conditions of a conversation that are looked out for, with marks, a count and a bell."""
