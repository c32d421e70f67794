"""Serving connections: access control, the HTTP server, its pages, broadcasts."""
