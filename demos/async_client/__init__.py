"""A client that is written from top to bottom with ``await``: it logs in by HTTP and shows live data.

``service`` is the other side: a login by aiohttp, and a WebSocket for those who have its token. ``window`` is
the client, and needs nothing but the service's URL.
"""
