"""The way in for people: sheets to annotate, blind to all labels, and their way back into a corpus folder."""
