"""A dashboard: live metrics of one machine for any number of windows and browsers.

``machine`` measures, ``alarms`` checks limits, ``feed`` encodes and decodes JSON, ``host`` sends it. Each
window (``window``, made of ``meter`` and ``strip``) is a client, also in the hosting program; ``plot`` is a
second view, by matplotlib, and ``page.html`` a third, in a browser.
"""
