"""The vocabulary: labels, records, tables, and how they are written as columns and digests."""
