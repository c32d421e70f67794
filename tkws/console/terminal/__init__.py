"""The console in a terminal: lines and commands that are typed, output, Ctrl-C, and the exit status."""
