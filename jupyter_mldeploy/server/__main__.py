"""Start the front: `python -m <this package> CONFIG.json`."""

import sys

from .front.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
