"""Opening connections: one attempt at one server, redirects, cookies, and when to try again."""
