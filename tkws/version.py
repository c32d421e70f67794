"""The version of the package, in one place for its metadata and for the headers that it sends."""

__version__ = "1.0.0rc1"
