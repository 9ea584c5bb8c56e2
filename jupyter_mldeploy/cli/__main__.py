"""`python -m jupyter_mldeploy.cli`."""

import sys

from . import main

sys.exit(main())
