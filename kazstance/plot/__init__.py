"""Charts by Altair, in one theme; drawn without a browser and without a network."""

from kazstance.extras import naming_extras

with naming_extras():
    import altair  # noqa: F401
    import vl_convert  # noqa: F401
