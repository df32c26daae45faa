"""The base of all that is validated once and does not change."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A model that is frozen and has no unknown fields; its fields are described by the docstrings below them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
