"""What is compared, one module each: its ``Window``, and ``connect(window, port)``, which calls the app."""
