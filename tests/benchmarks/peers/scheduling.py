"""Schedule the jobs of a JSON file with a peer: `scheduling.py MODULE FILE`."""

import importlib
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    jobs = [(key, due) for key, due in json.loads(Path(sys.argv[2]).read_text())]
    importlib.import_module(sys.argv[1]).schedule(jobs)
