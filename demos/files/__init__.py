"""Files of any size from one window to another, with progress in both; a lost connection does not matter.

========= =============================================================
messages  what sender and receiver say to each other
items     a file on its way: its state, rate and remaining time
receiver  the receiving end: a server that writes into a folder
sender    the sending end: a client with a queue of files
row       a line of the list: a name, a bar, figures, a button
window    both windows
scene     what ``--scripted`` plays
========= =============================================================
"""
