"""WebSockets behind an HTTP server that is not ours: Python's own ``http.server``, in a thread.

``site`` is that server: pages as anywhere, and two ways to hand a client's socket to tkws.
``window`` shows what arrives, on the thread of Tk.
"""
