"""The client's window: the address with its options, the menus, the pane at the side; what goes wrong."""
