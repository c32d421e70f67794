"""The other ends: load generators on blocking sockets, each in its own process, bounded in count and in time.

``python -m tests.benchmarks.peers`` reads its task, and runs the one that it names.
"""
