"""How results leave the program: files written completely or not at all, safe cells, tables for other tools, JSON."""
