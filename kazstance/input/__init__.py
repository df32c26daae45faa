"""How files of users are read: strictly, with every problem named by file, line and field."""
