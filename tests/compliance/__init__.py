"""The Autobahn|Testsuite against tkws, as client and as server."""
