"""The front door: the objects and functions that `import kazstance` offers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazstance import comparison

if TYPE_CHECKING:
    import os

    from kazstance.comparison.distances import Feature

    StrPath = str | os.PathLike[str]


class Chart:
    """A chart that shows in a notebook without a network, and can be saved."""

    def __init__(self, altair: Any) -> None:
        self.altair = altair
        """The chart as an Altair object, to be changed."""

    def save(self, path: StrPath) -> None:
        """Write the chart, by the ending of the path as .png, .svg or .html.

        Raises:
            UnknownNameError: another ending.
        """
        from kazstance.plot.theme import save

        save(self.altair, Path(path))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from kazstance.plot.theme import to_svg

        return {"image/svg+xml": to_svg(self.altair), "text/plain": repr(self)}


class Charts:
    """The charts of a comparison; each needs the extra `plots`."""

    def __init__(self, compared: comparison.Comparison) -> None:
        self._compared = compared

    def positions(self) -> Chart:
        """Net stance of every source on every target, with its interval."""
        from kazstance.plot.sources import position_matrix

        return Chart(position_matrix(self._compared.positions(), self._compared.names))

    def disagreements(self) -> Chart:
        """Targets by how far the sources differ on them, and which pairs agree, differ or are undecided."""
        from kazstance.plot.sources import disagreement_ranking

        return Chart(disagreement_ranking(self._compared.disagreements(), self._compared.names))

    def distances(self, by: Feature = "positions") -> Chart:
        """A tree and a map of the sources, by their positions or their salience."""
        from kazstance.plot.sources import distance_chart

        return Chart(distance_chart(self._compared.distances(by)))

    def salience(self) -> Chart:
        """The share of each source's sentences that is about each target."""
        from kazstance.plot.sources import salience_bars

        return Chart(salience_bars(self._compared.positions(), self._compared.names))
