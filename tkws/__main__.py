"""``python -m tkws``: the console; see ``tkws.console``."""

import sys

from tkws.console.cli import main

if __name__ == "__main__":
    sys.exit(main())
