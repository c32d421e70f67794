"""The client's side without a widget: where it connects, by what TLS and in whose trust, and its session."""
