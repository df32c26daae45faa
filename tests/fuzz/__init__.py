"""Hostile inputs by the thousand: made from seeds, given to the commands, and what happens judged. See `python -m tests.fuzz --help`."""

import os

# A process with threads must not be forked; numpy would start some as it is imported.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
