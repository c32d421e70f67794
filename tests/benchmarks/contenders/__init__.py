"""What is compared, one module each.

Each has its ``Window``, and ``connect(window, port)`` and perhaps ``serve(window)``, which call the app.
"""
