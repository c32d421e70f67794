"""Programs that show tkws at work; ``bash demos/run.sh NAME`` starts one.

A folder with a ``__main__`` is a demo. `demos.look` and `demos.stage` are what they share.
"""
