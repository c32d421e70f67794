"""Example programs for tkws; ``bash demos/run.sh NAME`` starts one.

Each module, and each folder with a ``__main__``, is a demo. They share `demos.look` and `demos.stage`.
"""
