"""What the demos need to play a scene by themselves: a picture of the screen, and an end in time."""

from demos.stage.picture import Box, geometry, save_picture
from demos.stage.scene import Scene

__all__ = ["Box", "Scene", "geometry", "save_picture"]
