"""A chat between windows and web pages; one of the windows runs the server.

========== ==========================================================================
messages   the words that server and clients exchange (``schema.md``), read and checked
room       the server's side: rooms, who is in them, what was said
host       where the server starts, stops, and shows the web page ``page.html``
person     a client's side: somebody's rooms and connections, without a widget
window     that person's window, made of sidebar, conversation, prompt
scene      the conversation that ``--scripted`` plays
========== ==========================================================================
"""
