"""The type of a path, as public functions accept it."""

import os

StrPath = str | os.PathLike[str]
