"""The page and the templates of file drops are in step with the declared tables, and usable."""

from __future__ import annotations

import pytest

from pipelines.sources.file_drop.documentation import FOLDER, page, template
from pipelines.sources.file_drop.mapping import read_drop
from pipelines.sources.file_drop.settings import ENTITIES, targets

REMEDY = "run `python -m pipelines.sources.file_drop`"


def test_the_page_is_in_step():
    assert (FOLDER / "README.md").read_text() == page(), REMEDY


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_template_is_in_step_and_maps_every_column(tmp_path, entity):
    text = (FOLDER / "templates" / f"{entity}.yml").read_text()
    assert text == template(entity), REMEDY
    (tmp_path / "drop.yml").write_text(text)
    mapping = read_drop(tmp_path).files[0].entities[0]
    assert mapping.entity == entity
    assert set(mapping.columns) == set(targets(entity))


def test_the_pages_example_is_a_mapping(tmp_path):
    example = page().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "drop.yml").write_text(example)
    assert [entity.entity for entity in read_drop(tmp_path).files[0].entities] == ["orders", "order_lines"]
