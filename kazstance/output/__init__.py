"""How results leave the program: files that are complete or absent, safe cells, tables for other programs, JSON."""
