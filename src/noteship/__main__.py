"""`python -m noteship`."""

import sys

from noteship.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
