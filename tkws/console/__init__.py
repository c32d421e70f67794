"""The WebSocket console, ``python -m tkws``: a client and a server for testing, in a window or a terminal.

From the bottom up: `log`, `archive` and `payload` hold the conversation; `target`, `options` and `settings`
hold the parameters of a connection; `session` and `serversession` are connections without widgets; `look`
has the colours and shapes; the others are the parts of the windows, the terminals and the command line. The
rest of `tkws` imports nothing from here.
"""
