"""Random shares of pairs that were asked of an annotator one after another, as the plans of the sheets record them."""

import json
from typing import Any, Final

from kazstance.corpus.folder import Folder
from kazstance.input.strict_json import StrictError, load_object

SHEETS: Final = "annotations/sheets"


def undrawn(folder: Folder) -> dict[str, float]:
    """For sheets of which more pairs were drawn later, the probability that a pair would not have been drawn then.

    A draw counts once answers to it have been imported. With it, a pair of the earlier sheet has the probability
    1 - (1 - p) q of being drawn at all, where p is the one recorded and q the one returned here.

    Args:
        folder: the corpus folder; told what is wrong with its plans.
    """
    found: dict[str, float] = {}
    for path in sorted((folder.root / SHEETS).glob("[!.]*.json")):
        name = f"{SHEETS}/{path.name}"
        if not path.is_file() or b'"continues"' not in path.read_bytes():
            continue
        try:
            plan = load_object(folder.read_text(name) or "")
            if is_imported(folder, plan):
                for sheet in plan["continues"]:
                    found[sheet] = found.get(sheet, 1.0) * (1 - float(plan.get("request", {}).get("share", 1.0)))
        except StrictError as error:
            folder.problems.append(error.problem(name))
        except (KeyError, TypeError, ValueError, AttributeError):
            folder.report(name, None, None, "not the plan of a sheet, expected one as written at the export")
    return found


def is_imported(folder: Folder, plan: dict[str, Any]) -> bool:
    """Whether there are answers to a sheet.

    Args:
        folder: the corpus folder.
        plan: the plan of the sheet.
    """
    name = f"annotations/{plan['annotator']}.jsonl"
    named = f'"sheet": {json.dumps(plan["sheet"])}'
    return folder.exists(name) and named in (folder.read_text(name, most=2**63) or "")
