"""What both ends share once there is a stream: the user's object, its driver, its events."""
