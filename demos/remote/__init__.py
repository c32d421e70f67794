"""A house in a window, whose lamps other machines switch: windows, web pages and scripts.

========== ==========================================================================
house      the rooms and their lamps
guests     who may steer: a token, a name and some rooms for each guest
host       the server: admission, the methods that guests call, groups, the page
remote     the client's side: one guest's connection and rooms, without widgets
panel      the lamps of some rooms, made of slider and lampcard; both windows show one
window     the window of the house: its lamps, its guests, what they did
invitation the card in it that asks whom to invite
controller the window of a guest
app        the windows of one process
scene      what ``--scripted`` plays
========== ==========================================================================
"""
