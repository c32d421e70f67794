"""What the demos need to play a scene: a command line, a picture of the screen, and an end in time."""

from demos.stage.picture import Box, geometry, save_picture
from demos.stage.program import Demo, parser_of, run
from demos.stage.scene import Scene

__all__ = ["Box", "Demo", "Scene", "geometry", "parser_of", "run", "save_picture"]
