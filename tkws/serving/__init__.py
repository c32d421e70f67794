"""Serving connections: who is admitted, the HTTP server beside the socket, its pages, broadcasts."""
