"""The wording is our own: no run of six words is shared with a source document.

The source documents are not part of the repository. The test looks for them in the folder that PREFLIGHT_SOURCES
names, else in a sibling folder of the repository, and is skipped where there are none. Titles and section headings are
citations and therefore exempt.
"""

import os
import re
from pathlib import Path

import pytest
import yaml

from checklists.loader import DEFINITIONS

ROOT = Path(__file__).parents[2]
SOURCES = Path(os.environ.get("PREFLIGHT_SOURCES") or ROOT.parent / "shared" / "seeds")
RUN = 6
CITATIONS = frozenset({"title", "section"})


def words_of(text):
    return re.findall(r"[^\W_]+", text.casefold().replace("’", "").replace("'", ""))


def runs_of(text):
    words = words_of(text)
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def texts_of(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in CITATIONS:
                yield from texts_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_of(value)
    elif isinstance(node, str):
        yield node


def test_a_shared_run_is_found_whatever_its_punctuation():
    source = runs_of("The **quick** brown fox didn’t\n jump over the dog.")
    assert runs_of("Alas: a quick, brown FOX didn't jump over it") & source
    assert not runs_of("A quick brown fox did not jump over the dog's bed") & source


def test_titles_and_headings_are_exempt():
    definition = {"title": "one", "claims": [{"section": "two", "text": "three"}], "questions": [{"choices": ["four"]}]}
    assert list(texts_of(definition)) == ["three", "four"]


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the source documents are not here")
@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*/*.yaml")), ids=lambda path: path.parent.name + path.stem)
def test_no_run_of_six_words_is_shared_with_a_source_document(path):
    documents = [file.read_text(encoding="utf-8") for file in sorted(SOURCES.glob("*.txt"))]
    assert documents
    source = set().union(*map(runs_of, documents))
    content = path.read_text(encoding="utf-8")
    comments = [line.strip("# ") for line in content.splitlines() if line.startswith("#")]
    shared = {
        " ".join(run) for text in [*texts_of(yaml.safe_load(content)), *comments] for run in runs_of(text) & source
    }
    assert shared == set()
