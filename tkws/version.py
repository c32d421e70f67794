"""The version of the package, in one place for its metadata and for the headers that it sends."""

__version__ = "0.1.0"
