"""`python -m livevae` is the `livevae` command."""

import sys

from livevae.cli import main

if __name__ == "__main__":
    sys.exit(main())
