"""`edged` as it is with one more kind of pipeline."""

import sys

from edged.cli import main
from edged.pipelines import kinds
from tests.pipelines import thumps

kinds.KINDS["thumps"] = thumps.KIND  # the line; before anything else looks at the table

if __name__ == "__main__":
    sys.exit(main())
