"""`okr run --engine ray` over a home in a bucket: real nights on a real Ray, the store a local server of S3."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from pipelines.shards import moving
from pipelines.shards.address import opened
from tests.bucket_fixture import bucket
from tests.shard_home import okr, write_clients

pytest.importorskip("ray", reason="Ray is in the extra ray")
__all__ = ["bucket"]

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" fill="#0a5c36"/>'
    b'<text x="60" y="27" fill="#fff" font-size="20" text-anchor="middle">ALFA</text></svg>'
)


def test_two_shards_in_a_bucket_are_run_by_ray_and_published_with_the_agencys_marks(
    bucket: str, tmp_path: Path
) -> None:
    address, store = f"{bucket}/night", opened(f"{bucket}/night")
    written = write_clients(tmp_path / "written", ("alfa", "beta"))
    (written / "marks").mkdir()
    (written / "marks" / "alfa.svg").write_bytes(LOGO)
    about = yaml.safe_load((written / "clients" / "alfa.yaml").read_text("utf-8"))
    about["brand"] = {"logo": "marks/alfa.svg", "colour": "#0A5C36", "agency": "Byrå & Co"}
    (written / "clients" / "alfa.yaml").write_text(yaml.safe_dump(about), "utf-8")
    for path in sorted(written.rglob("*")):
        if path.is_file():
            store.put_file(path.relative_to(written).as_posix(), path)
    driver, reader = str(tmp_path / "driver"), str(tmp_path / "reader")  # machines that have nothing of the home yet
    ran = okr(address, "run", "--engine", "ray", "--shards", "2", XDG_CACHE_HOME=driver)
    assert ran.returncode == 0, ran.stderr
    assert moving.check(store) == ()
    asked = okr(address, "sql", "select client, count(*) from kpi_daily group by 1", XDG_CACHE_HOME=reader)
    assert asked.returncode == 0, asked.stderr
    assert "alfa" in asked.stdout
    assert "beta" in asked.stdout
    reports = {}
    for client in ("alfa", "beta"):
        store.get_file(f"exports/{client}/report.html", tmp_path / f"{client}.html")
        reports[client] = (tmp_path / f"{client}.html").read_text("utf-8")
    assert base64.b64encode(LOGO).decode() in reports["alfa"]
    assert "--brand:#0a5c36" in reports["alfa"]
    assert "From Byrå &amp; Co." in reports["alfa"]
    assert "--brand:" not in reports["beta"]
    store.get_file("exports/_agency/report.html", tmp_path / "_agency.html")
    assert "Beta" in (tmp_path / "_agency.html").read_text("utf-8")
