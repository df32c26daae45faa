"""An annotated table as a corpus folder: its rows read by their roles, accounted for, and written as a corpus."""
