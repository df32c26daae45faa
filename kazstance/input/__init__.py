"""How users' files are read: strictly, with every problem named by file, line and field."""
