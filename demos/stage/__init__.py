"""Playing a demo as a scene: a command line, a picture of the screen, and a time limit."""

from demos.stage.picture import Box, geometry, save_picture
from demos.stage.program import Demo, make_parser, run
from demos.stage.scene import Scene

__all__ = ["Box", "Demo", "Scene", "geometry", "make_parser", "run", "save_picture"]
