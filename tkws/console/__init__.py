"""The WebSocket console, ``python -m tkws``: a window, or a terminal, to talk to a server or to be one.

From below to above: `log`, `archive` and `payload` are the conversation; `target`, `session` and
`serving` are connections without widgets; `look` is colours and shapes; the rest are windows, the
terminal and the command line. `tkws` itself imports nothing of it.
"""
