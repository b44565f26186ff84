"""Spellings of times and networks that people's files have."""

from __future__ import annotations

import pytest

from pipelines.errors import ConfigError

POSTS = """\
timezone: Europe/Paris
files:
  - match: posts.csv
    entities:
      - entity: posts
        columns: {network: net, account_id: account, post_id: post, posted_at: at}
"""


def _put(world, *rows: str) -> None:
    world.put(POSTS, posts_csv="net,account,post,at\n" + "".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-05-01T10:00Z", "2026-05-01 10:00:00"),
        ("2026-05-01 10:00", "2026-05-01 08:00:00"),
        ("2026-05-01T10:00+02:00", "2026-05-01 08:00:00"),
        ("2026-05-01 10:00 +0200", "2026-05-01 08:00:00"),
        ("2024-01-15 10:23:45 -0500", "2024-01-15 15:23:45"),
        ("2026-05-01", "2026-04-30 22:00:00"),
        (" 2026-01-31 ", "2026-01-30 23:00:00"),
        ("Fri May 01 10:00:00 +0000 2026", "2026-05-01 10:00:00"),
    ],
)
def test_a_time_is_read(world, time, moment):
    _put(world, f"x,a,1,{time}")
    assert world.load().tables["posts"] == (1, 0)
    assert world.rows("file_drop__posts", "(posted_at at time zone 'UTC')::varchar") == [(moment,)]


@pytest.mark.parametrize(
    "time", ["2026-02-30", "2026-05-01T25:00Z", "2026-05-01 10:60", "Fri May 41 10:00:00 +0000 2026"]
)
def test_a_time_that_is_none_is_quarantined(world, time):
    _put(world, f"x,a,1,{time}")
    assert world.load().tables["posts"] == (0, 1)


@pytest.mark.parametrize(
    ("word", "network"),
    [
        *[("twitter", "x"), ("Twitter", "x"), ("https://www.x.com/", "x"), ("ig", "instagram"), ("FB", "facebook")],
        *[("meta", "facebook"), ("yt", "youtube"), ("linkedin.com", "linkedin"), (" TikTok ", "tiktok"), ("x", "x")],
    ],
)
def test_a_network_by_another_name_is_taken(world, word, network):
    _put(world, f"{word},a,1,2026-05-01")
    assert world.load().tables["posts"] == (1, 0)
    assert world.rows("file_drop__posts", "network") == [(network,)]


def test_an_unknown_network_is_one_line_with_the_file_and_the_word(world):
    _put(world, "x,a,1,2026-05-01", "myspace,a,2,2026-05-01")
    with pytest.raises(ConfigError, match=r"posts\.csv: names a network that is not known: 'myspace'; use instagram, "):
        world.load()


def test_a_text_that_is_no_word_is_not_told(world):
    _put(world, "anna@example.org,a,1,2026-05-01")
    with pytest.raises(ConfigError, match=r"posts\.csv: names a network .*: a text of 16 characters") as error:
        world.load()
    assert "anna" not in str(error.value)


def test_two_names_of_one_network_are_one_key(world):
    _put(world, "x,a,1,2026-05-01", "twitter,a,1,2026-05-01", ",a,2,2026-05-01")
    assert world.load().tables["posts"] == (1, 2)
    assert world.rows("quarantine", "column_name, reason") == [
        ("network", "duplicate key"),
        ("network", "required and missing"),
    ]
