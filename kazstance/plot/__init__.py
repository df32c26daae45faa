"""Charts by Altair, in one theme; drawn without a browser and without a network."""

from kazstance.errors import MissingExtraError

try:
    import altair  # noqa: F401
    import vl_convert  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "altair", "plots") from None
