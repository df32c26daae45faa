"""Whose stance a row is: that of the speaker of its sentence, or of another holder, who is named."""

from typing import Final

import pyarrow.compute as pc

OF_SPEAKERS: Final = pc.field("holder").is_null()
"""The rows on the stance of the speaker, which alone count for the position of a source."""
