"""The recipe of the shipped dataset: raw/ -> kazstance/data/ and build/hub/. The steps live in kazstance.corpus."""
