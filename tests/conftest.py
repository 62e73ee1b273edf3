"""Let every test import the helpers in `tests/support` as `support.<module>`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
