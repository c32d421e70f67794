"""The servers and their windows: one answers or plays recordings, the other stands between two ends."""
