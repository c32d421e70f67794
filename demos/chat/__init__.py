"""A chat between windows and web pages; one of the windows runs the server.

========== ==========================================================================
messages   the messages between server and clients (``schema.md``): encoding and checks
room       the server's side: rooms, their members, their history
host       starts and stops the server, and serves the web page ``page.html``
bridge     shares the rooms with other hosts, over the connection to NATS in ``broker``
person     the client's side: one person's rooms and connections, without widgets
window     that person's window, made of sidebar, conversation, prompt
scene      the conversation that ``--scripted`` plays
========== ==========================================================================
"""
