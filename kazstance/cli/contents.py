"""The commands by heading, each with its module and summary; the help is made from this and loads no command."""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """A command: the module that defines it, and the first sentence of its help."""

    module: str
    summary: str


PANELS: Final = {
    "Look at a dataset": {
        "info": Entry("data", "Show what is in a dataset: its tables, splits, numbers of rows and digests."),
        "show": Entry("data", "Show sentences with their stances, filtered by source, target, label or split."),
        "why": Entry("data", "Show how one label came about: judgements, evidence, notes and adjudication."),
        "explore": Entry("explore", "Write or serve a page to explore positions, sentences, texts and labels."),
        "export": Entry("data", "Write a table as CSV, JSON Lines or Parquet, or for Excel, Stata or SPSS."),
        "verify": Entry("data", "Check that a dataset is what was built, down to every file, row and page."),
        "diff": Entry("publish", "Show what changed between two versions of a dataset, row by row."),
        "cite": Entry("publish", "Print how to cite a dataset."),
        "license": Entry("publish", "Print the licence of code and annotations, and the rights in each text."),
        "schema": Entry("publish", "Print the JSON Schema of the rows of a table."),
    },
    "Compare": {
        "compare": Entry("compare", "Compare the sources of a dataset, or groups of them."),
        "agreement": Entry("data", "Measure how far the annotators agree, overall and by pair, source and target."),
        "drift": Entry("data", "Measure how far judgements shift from one reading to another, source by source."),
    },
    "Build a dataset": {
        "new": Entry("corpus", "Create a corpus folder, in which every file is explained and valid."),
        "check": Entry("corpus", "Check a corpus folder, and show its sentences as they will be annotated."),
        "add": Entry("corpus", "Add texts, sources and targets to a corpus folder, and keep its splits."),
        "build": Entry("data", "Build a dataset from a corpus folder."),
        "rehydrate": Entry("publish", "Make a dataset from its stand-off version and your own copy of the texts."),
        "import": Entry(
            "import_table",
            "Make a dataset from an annotated table: a row per judgement, a column per annotator, or counts of votes.",
        ),
    },
    "Collect judgements": {
        "annotate": Entry("annotate", "Ask people and models for judgements: sheets, imports, runs, status, undo."),
    },
    "Measure systems": {
        "score": Entry("scores", "Score predictions on any stance dataset."),
        "bench": Entry("bench", "Benchmark systems: run them, compare runs, report."),
        "fit": Entry("models", "Train a system on a dataset, or on rows of your own, and save it."),
        "predict": Entry("models", "Label the rows of Parquet files of any size with a saved model."),
        "tasks-dir": Entry("tasks", "Print the folder of the tasks for lm-evaluation-harness."),
    },
    "Publish": {
        "publish": Entry(
            "publish", "Publish a dataset on the Hugging Face Hub, tagged with its version, with or without its texts."
        ),
    },
}
"""The headings of the help, and the commands under each."""
ENTRIES: Final = {name: entry for entries in PANELS.values() for name, entry in entries.items()}
