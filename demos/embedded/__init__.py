"""WebSockets behind another HTTP server: Python's own ``http.server``, in a thread.

``site`` is that server: it has a page, and two ways to hand a client's socket over to tkws. ``window``
shows the messages, in the thread of Tk.
"""
