"""What is published with a dataset: citation, licences, Croissant, evaluation; read by the programs that are meant to."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import datasets
import jsonschema
import mlcroissant
import pyarrow.parquet as pq
import pytest
import yaml
from mlcroissant._src.core.context import Context
from mlcroissant._src.core.rdf import make_context
from typer.testing import CliRunner

from kazstance import dataset
from kazstance.bench.tasks import get_task
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.errors import InputError, KazstanceError, UnknownNameError
from kazstance.models import harness
from kazstance.models.prompts import PROMPTS, questions
from kazstance.publish import rights
from kazstance.publish.card import render
from kazstance.publish.citation import Style, citation_cff, cite, zenodo_json
from kazstance.publish.croissant import croissant
from kazstance.publish.evaluation import is_evaluated
from kazstance.publish.hub import stage
from kazstance.schema.canary import canary_guid
from kazstance.schema.json_schema import json_schema
from kazstance.schema.labels import Label
from kazstance.schema.publication import Publication, ResponsibleAI
from kazstance.schema.records import TABLES
from tests.conftest import environment, quiet

# mlcroissant uses rdflib and pandas in ways that are to go.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LARGE = 1_000
"""Rows from which on a record set is read in the full tests only."""


def files_of(manifest):
    return [(table, split, f) for table, splits in manifest.tables.items() for split, f in splits.items() if f.rows]


@pytest.fixture(scope="module")
def metadata(staged):
    return json.loads((staged / "croissant.json").read_text())


@pytest.fixture(scope="module")
def loaded(staged):
    return mlcroissant.Dataset(str(staged / "croissant.json"))


def published(harbour, *lines):
    """The small corpus with more said about its publication, built."""
    sources = harbour / "sources.toml"
    said = "\n".join(["[corpus.publication]", *lines])
    sources.write_text(sources.read_text().replace('license = "CC0-1.0"\n', f'license = "CC0-1.0"\n{said}\n'))
    out = harbour.parent / "out"
    out.mkdir()
    build(harbour, out, quiet)
    return dataset.manifest(data=out)


def test_metadata_is_said_once(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    manifest = dataset.manifest()
    assert project["keywords"] == list(manifest.publication.keywords)
    assert project["license"] == f"{rights.CODE} AND {manifest.license}"
    assert (root / "CITATION.cff").read_text(encoding="utf-8") == citation_cff(manifest)
    assert (root / ".zenodo.json").read_text(encoding="utf-8") == zenodo_json(manifest)
    assert not manifest.publication.repository
    assert not manifest.publication.doi


def test_the_citation_has_what_the_format_requires_and_no_more_than_it_knows():
    found = yaml.safe_load(citation_cff(dataset.manifest()))
    assert {"cff-version", "message", "title", "authors"} <= found.keys()
    known = "cff-version message type title abstract authors version date-released license keywords repository doi"
    assert found.keys() <= set(known.split())
    assert (found["cff-version"], found["type"], found["version"]) == ("1.2.0", "dataset", dataset.manifest().version)
    assert found["authors"] == [{"name": "kazstance developers"}]
    assert isinstance(found["date-released"], str)


@pytest.mark.full
def test_cffconvert_takes_the_citation_and_agrees_with_ours(root, tmp_path):
    (tmp_path / "CITATION.cff").write_bytes((root / "CITATION.cff").read_bytes())
    program = environment("cff", "cffconvert==2.0.0", "setuptools<81").parent / "cffconvert"

    def convert(*args):
        done = subprocess.run([program, *args], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "valid according to schema version 1.2.0" in convert("--validate")
    theirs, ours = json.loads(convert("-f", "zenodo")), json.loads(zenodo_json(dataset.manifest()))
    assert ours == theirs | {"upload_type": "dataset", "access_right": "open"}
    manifest = dataset.manifest()
    text = f"kazstance developers ({manifest.publication.released.year}). {manifest.title} (version {manifest.version})"
    assert convert("-f", "apalike").strip(" .\n") == text
    assert cite(manifest).startswith(text)


def test_people_bodies_and_signs_of_latex(harbour):
    said = [
        "released = 2026-03-01",
        'authors = ["Doe, Jane", "Society for R&D {tolls}"]',
        'repository = "https://example.org/harbour"',
        'doi = "10.1234/toll_1"',
        'abstract = "A {curly} & \\"quoted\\" 100 % $abstract: yes"',
    ]
    manifest = published(harbour, *said)
    entry = cite(manifest, Style.bibtex)
    assert r"author = {Doe, Jane and {Society for R\&D \textbraceleft{}tolls\textbraceright{}}}" in entry
    assert entry.startswith("@misc{harbour_1_2_0,\n")
    assert entry.count("{") == entry.count("}")
    assert "doi = {10.1234/toll_1}" in entry
    found = yaml.safe_load(cite(manifest, Style.cff))
    assert found["authors"][0] == {"family-names": "Doe", "given-names": "Jane"}
    assert found["authors"][1] == {"name": "Society for R&D {tolls}"}
    assert found["abstract"] == manifest.publication.abstract
    assert json.loads(cite(manifest, Style.zenodo))["creators"][0] == {"name": "Doe, Jane"}
    assert cite(manifest).endswith(" https://doi.org/10.1234/toll_1\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('repository = "javascript:alert(1)"', "sources.toml:3: publication.repository: 'javascript:alert(1)', String"),
        ('doi = "doi:10.1/x"', "sources.toml:3: publication.doi: 'doi:10.1/x', String should match"),
        ('author = ["a"]', "sources.toml:3: publication.author: ['a'], Extra inputs are not permitted"),
        ("responsible_ai = {data_bias = '-'}", "sources.toml:3: publication.responsible_ai.data_bias: '-', Extra"),
    ],
)
def test_what_is_wrong_with_a_publication_is_said(line, message, harbour):
    with pytest.raises(InputError) as caught:
        published(harbour, line)
    assert message in str(caught.value)


def test_nobody_is_made_up_as_author(harbour_data):
    with pytest.raises(KazstanceError, match="harbour: no authors or no release date; expected both under"):
        cite(dataset.manifest(data=harbour_data))


@pytest.mark.parametrize("style", Style)
def test_cite_prints_what_it_is_asked_for(style):
    result = CliRunner().invoke(app, ["cite", "--format", style])
    assert (result.exit_code, result.stdout) == (0, cite(dataset.manifest(), style))


def test_license_tells_code_annotations_and_texts_apart(harbour_data):
    rows = json.loads(CliRunner().invoke(app, ["license", "--json"]).stdout)
    sources = dataset.load("sources")
    assert [row["part"] for row in rows] == ["code", "annotations", *["text"] * len(sources)]
    assert [row["terms"] for row in rows] == ["Apache-2.0", "CC-BY-4.0", *(source.rights for source in sources)]
    plain = CliRunner().invoke(app, ["license", "--data", str(harbour_data)]).stdout
    assert "annotations: labels, evidence, notes, and the tables made from them: CC0-1.0\n" in plain
    page = rights.licence_text(DatasetFolder(harbour_data))
    assert "https://spdx.org/licenses/CC0-1.0.html" in page
    assert all(source.rights in page for source in dataset.load("sources", data=harbour_data))


@pytest.mark.parametrize("table", TABLES)
def test_rows_as_exported_keep_to_the_json_schema(table):
    schema = json.loads(CliRunner().invoke(app, ["schema", table]).stdout)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    rows = dataset.table(table).slice(0, 100).to_pylist()
    for row in rows:
        validator.validate(json.loads(json.dumps(row)))
    assert validator.is_valid(rows[0] | {"stranger": 1}) == (
        table in ("sources", "documents", "annotators")
    )  # attributes
    missing = dict(rows[0])
    del missing[TABLES[table].key[0]]
    assert not validator.is_valid(missing)


def test_schemas_by_name():
    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout).keys() == TABLES.keys()
    with pytest.raises(UnknownNameError, match="'stance' is not a table; choose from stances, "):
        json_schema("stance")


def test_croissant_has_the_prescribed_context_and_all_that_the_specification_requires(metadata):
    assert metadata["@context"] == make_context(Context(conforms_to="http://mlcommons.org/croissant/1.1"))
    required = {"@context", "@type", "conformsTo", "description", "license", "name", "url", "creator", "datePublished"}
    assert required <= metadata.keys()
    assert all(metadata[key] for key in required)
    assert metadata["url"] == "README.md"
    assert metadata["version"] == dataset.manifest().version


def test_croissant_has_the_responsible_ai_fields(metadata, loaded):
    spoken = {key for key in metadata if key.startswith("rai:")}
    assert len(spoken) == len(ResponsibleAI.model_fields) + 4
    assert "No person" in metadata["rai:dataCollectionMissingData"]
    assert metadata["rai:machineAnnotationTools"] == ["Claude (Anthropic)"]
    assert metadata["rai:annotationsPerItem"].startswith("3 annotators make the labels: 3 runs of a model, 0 people")
    assert all(line.startswith("stability of ") for line in metadata["rai:dataAnnotationAnalysis"])
    read = {key for key, value in loaded.metadata.to_json().items() if key.startswith("rai:") and value}
    assert spoken == read


@pytest.mark.parametrize("which", ["shipped", "harbour", "published"])
def test_croissant_validates_without_error_or_warning(which, staged, harbour_data, tmp_path):
    file = staged / "croissant.json"
    if which != "shipped":
        file = tmp_path / "croissant.json"
        home = None if which == "harbour" else "https://hub.example/datasets/org/name"
        data = harbour_data if which == "harbour" else dataset.SHIPPED
        file.write_text(croissant(DatasetFolder(data), home))
    issues = mlcroissant.Dataset(str(file)).metadata.ctx.issues
    assert issues.errors == set()
    kept = {issue for issue in issues.warnings if which != "harbour" or "datePublished" not in issue}
    assert {issue for issue in kept if "citeAs" not in issue or which != "harbour"} == set()


@pytest.mark.full
def test_the_program_mlcroissant_validates_without_a_word_of_warning(staged):
    command = [Path(sys.executable).parent / "mlcroissant", "validate", "--jsonld", staged / "croissant.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"(?i)warning|error|^W\d", done.stderr)


def test_checksums_and_sizes_are_those_of_the_files(metadata, staged):
    files = metadata["distribution"]
    assert len(files) == len(files_of(dataset.manifest()))
    for file in files:
        content = (staged / file["contentUrl"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert file["contentSize"] == f"{len(content)} B"


def test_published_files_have_addresses_of_their_version():
    home = "https://hub.example/datasets/org/name"
    found = json.loads(croissant(DatasetFolder(), home))
    assert found["url"] == home
    version = dataset.manifest().version
    for file in found["distribution"]:
        assert file["contentUrl"] == f"{home}/resolve/v{version}/{file['@id']}"


def plain(value):
    """A value as mlcroissant gives it, with text as text and fields by their last name."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def assert_loads(loaded, table, split, file):
    rows = [plain(record) for record in loaded.records(f"{table}/{split}")]
    assert len(rows) == file.rows
    assert rows == dataset.table(table, split).to_pylist()


def test_small_record_sets_load_with_the_values_of_the_tables(loaded):
    small = [part for part in files_of(dataset.manifest()) if part[2].rows < LARGE]
    assert {table for table, _, _ in small} >= {"stances", "sources", "sentences", "annotators", "positions"}
    for part in small:
        assert_loads(loaded, *part)


@pytest.mark.full
def test_large_record_sets_load_with_the_values_of_the_tables(loaded):
    for part in files_of(dataset.manifest()):
        if part[2].rows >= LARGE:
            assert_loads(loaded, *part)


def test_every_field_is_described_and_labels_are_enumerated(metadata, loaded):
    sets = {found["@id"]: found for found in metadata["recordSet"]}
    for table, split, _ in files_of(dataset.manifest()):
        fields = {field["name"]: field["description"] for field in sets[f"{table}/{split}"]["field"]}
        assert fields == {name: info.description for name, info in TABLES[table].record.model_fields.items()}
    labels = [plain(row) for row in loaded.records("Label")]
    assert labels == [{"number": label.value, "name": label.name} for label in Label]


def test_the_evaluation_names_columns_there_are_in_the_documented_shape(staged, harbour_data, tmp_path):
    stage(DatasetFolder(harbour_data), tmp_path / "harbour")
    for data in (staged, tmp_path / "harbour"):
        found = yaml.safe_load((data / "eval.yaml").read_text(encoding="utf-8"))
        assert found.keys() == {"name", "description", "evaluation_framework", "tasks"}
        assert found["evaluation_framework"] == "inspect-ai"
        (task,) = found["tasks"]
        assert task.keys() == {"id", "config", "split", "field_spec", "solvers", "scorers"}
        matter = yaml.safe_load((data / "README.md").read_text(encoding="utf-8").split("---\n")[1])
        files = {config["config_name"]: config["data_files"] for config in matter["configs"]}[task["config"]]
        (place,) = [file["path"] for file in files if file["split"] == task["split"]]
        spec = task["field_spec"]
        assert {spec["input"], spec["target"], spec["choices"], *spec["metadata"]} <= set(
            pq.read_schema(data / place).names
        )
        assert [solver["name"] for solver in task["solvers"]] == ["multiple_choice"]
        assert [scorer["name"] for scorer in task["scorers"]] == ["choice"]


def test_the_hub_asks_the_question_of_every_other_program(staged):
    listed = pq.read_table(staged / "questions.parquet").to_pylist()
    rows = {(row["item_id"], row["prompt"]): row for row in listed}
    ours = questions(DatasetFolder(), get_task("stance"), "test")
    assert len(listed) == len(rows) == len(ours) == len(PROMPTS) * dataset.manifest().tables["stances"]["test"].rows
    for one in ours:
        row = rows[one.item.item_id, one.prompt.name]
        assert (row["question"], row["choices"], row["label"]) == (one.text, one.choices, one.answer)
        assert row["choices"][row["label"]].partition(": ")[0] == row["label_name"] == one.item.label
        assert (row["target_id"], row["cluster"], row["date"]) == (one.item.target_id, one.item.cluster, one.date)
    for doc in harness.load("stance")["test"]:
        row = rows[doc["item_id"], doc["prompt"]]
        assert doc["question"] == "\n".join([row["question"], "", "Answers:", *row["choices"]])
        assert doc["choices"][doc["label"]] == row["label_name"]


def test_the_canary_is_wherever_the_data_are_published(staged, harbour_data, tmp_path):
    """The one of the shipped dataset never changes; another dataset has another one."""
    stage(DatasetFolder(harbour_data), tmp_path / "harbour")
    own = canary_guid("kazstance")
    assert own == "c3c8bb93-4efd-5b3a-a0fa-6de5e0d9ff10"
    assert canary_guid("harbour") != own
    for data, guid in ((staged, own), (tmp_path / "harbour", canary_guid("harbour"))):
        for name in ("README.md", "manifest.json", "eval.yaml"):
            assert guid in (data / name).read_text(encoding="utf-8"), name
        rows = pq.read_table(data / "questions.parquet")["canary"].to_pylist()
        assert rows
        assert all(guid in row for row in rows)


def test_a_program_that_reads_the_card_finds_the_questions(staged, tmp_path):
    found = datasets.load_dataset(str(staged), "questions", split="test", cache_dir=str(tmp_path))
    assert found.to_list() == pq.read_table(staged / "questions.parquet").to_pylist()


def test_without_test_rows_nothing_is_asked(harbour_data, tmp_path):
    found = dataset.manifest(data=harbour_data)
    stances = found.tables["stances"]
    empty = stances | {"test": stances["test"].model_copy(update={"rows": 0})}
    assert is_evaluated(found)
    assert not is_evaluated(found.model_copy(update={"tables": found.tables | {"stances": empty}}))


def test_every_field_of_a_publication_is_documented():
    for model in (Publication, ResponsibleAI):
        for name, info in model.model_fields.items():
            assert info.description, name


@pytest.mark.full
def test_a_folder_is_staged_with_all_that_belongs_to_it(staged, root, harbour_data, tmp_path):
    assert {file.name for file in staged.iterdir() if file.is_file()} == {
        "CITATION.cff",
        "LICENSE",
        "LICENSE-DATA",
        "README.md",
        "croissant.json",
        "eval.yaml",
        "manifest.json",
        "questions.parquet",
    }
    card = (root / "DATASET_CARD.md").read_text(encoding="utf-8")
    assert (staged / "README.md").read_text(encoding="utf-8") == render(card, DatasetFolder(), questions=True) != card
    assert (staged / "CITATION.cff").read_text(encoding="utf-8") == (root / "CITATION.cff").read_text(encoding="utf-8")
    first, again = tmp_path / "harbour", tmp_path / "again"
    stage(DatasetFolder(harbour_data), first)
    assert not (first / "CITATION.cff").exists()
    assert (first / "LICENSE-DATA").read_text() == rights.licence_text(DatasetFolder(harbour_data))
    stage(DatasetFolder(first), again)
    for file in (file for file in first.rglob("*") if file.is_file()):
        assert (again / file.relative_to(first)).read_bytes() == file.read_bytes()
