"""The version of the package, in one place for its metadata and for what it says on the wire."""

__version__ = "0.1.0"
