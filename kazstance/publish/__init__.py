"""What a dataset is published with: its card, and the folder that goes to a Hub."""
