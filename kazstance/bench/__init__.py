"""The benchmark: tasks, protocols, systems, runs, and the shortcuts that every score is compared with."""
