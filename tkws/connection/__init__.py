"""The part of a connection that client and server share, once there is a stream."""
