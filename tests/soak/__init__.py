"""A long run of clients and servers under faults that come by a seeded plan: ``python -m tests.soak``."""
