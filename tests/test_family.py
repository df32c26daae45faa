"""A model that is scored against labels of its own family is named."""

import pytest

import kazstance
from kazstance.bench.family import makers, warning
from tests.benches import opened


@pytest.mark.parametrize("name", ["Claude", "claude-3-opus", "ANTHROPIC", "Claude (Anthropic)", "anthropic/claude3"])
def test_the_family_of_the_annotators_is_named(name):
    (family,) = {row.family for row in kazstance.load("annotators")}
    found = warning(name, makers(opened()))
    assert found.startswith(f"warning: {name} is of the family of {family}, which made the labels (f1, f2, f3): ")
    assert "\n" not in found


@pytest.mark.parametrize("name", [None, "", "Llama (Meta)", "GPT-4 (OpenAI)", "3 (A)", "Claudette"])
def test_others_are_not(name):
    assert warning(name, makers(opened())) is None


def test_families_are_those_of_the_data_that_is_scored(harbour_data):
    assert warning("Claude", makers(opened(harbour_data))) is None
