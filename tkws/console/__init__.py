"""The WebSocket console, ``python -m tkws``: a client and a server for testing, in a window or a terminal.

From the bottom up: `text` and `look` know what a payload reads like and how windows look; `log` has the rows
of a conversation. `message`, `live` and `watch` show one row in full, figures that move, and what is looked
out for; `conversation` puts them round the table. `client` has the target of a connection and its session,
`send` the box and what is sent, `memory` what is remembered. On top are `window`, `server` and `terminal`,
and the verbs of the command line in `cli`, `arguments`, `run`, `doctor` and `selftest`. The rest of `tkws`
imports nothing from here.
"""
