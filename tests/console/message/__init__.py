"""The parts of the pane that shows one message in full."""
