"""A dashboard: the figures of one machine, live, to any number of windows and browsers.

``machine`` measures, ``alarms`` judges, ``feed`` says it as JSON, ``host`` sends it. A window
(``window``, of ``meter`` and ``strip``) is a client like any other, also in the program that hosts;
``plot`` is a second view, by matplotlib, and ``page.html`` a third, in a browser.
"""
