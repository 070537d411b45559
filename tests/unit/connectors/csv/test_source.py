"""csv files as spreadsheets save them: every dialect to the same rows, every bad line named, never half a file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import Misconfigured, NotFound
from connectors.core.protocol import Batch
from connectors.csv.rows import BadCell, Decimals, number, parse
from connectors.csv.settings import Csv
from connectors.csv.source import ROWS, CsvSource
from connectors.feed.settings import Feed
from tests.fake_vendor import context, doubts


def read(tmp_path: Path, content: bytes | str, *, path: str = "data/crm.csv") -> Batch:
    target = tmp_path / "data" / "crm.csv"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    settings = Csv.model_construct(id="crm", path=path)  # unchecked: the source must not rely on the model
    return CsvSource(settings=settings, context=context(home=tmp_path)).read(ROWS, None)


STANDARD = "month,kpi,value,scope\n2026-03,nps,41.5,\n2026-04,interactions,1200,platform=linkedin\n2026-05,nps,,all\n"
EXPECTED = [
    ("nps", "all", "month", date(2026, 3, 1), 41.5),
    ("interactions", "platform=linkedin", "month", date(2026, 4, 1), 1200.0),
    ("nps", "all", "month", date(2026, 5, 1), None),
]


QUOTED = (
    '"month","kpi","value","scope"\n"2026-03","nps","41.5",""\n'
    "2026-04,interactions, 1200 ,platform=linkedin\n\n2026-05,nps,,\n"
)
SEMICOLON = "month;kpi;value;scope\n2026-03;nps;41,5;\n2026-04;interactions;1200;platform=linkedin\n2026-05;nps;;all\n"
EXCEL = (
    "sep=;\r\nMonth;KPI;Value;Scope\r\n2026-03;nps;41,5;\r\n"
    "2026-04;interactions;1 200,0;platform=linkedin\r\n2026-05;nps;;all\r\n"
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(STANDARD.encode(), id="plain"),
        pytest.param(STANDARD.encode("utf-8-sig"), id="bom"),
        pytest.param(STANDARD.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(STANDARD.rstrip("\n").encode(), id="no last newline"),
        pytest.param(STANDARD.replace(",", "\t").encode("utf-16"), id="utf-16 and tabs"),
        pytest.param(QUOTED.encode(), id="quoted"),
        pytest.param(SEMICOLON.encode(), id="semicolon"),
        pytest.param(EXCEL.encode("utf-8-sig"), id="excel"),
    ],
)
def test_every_dialect_gives_the_same_rows(content: bytes, tmp_path: Path) -> None:
    batch = read(tmp_path, content)
    rows = [(r["kpi"], r["scope"], r["grain"], r["period_start"], r["value"]) for r in batch.rows.to_pylist()]
    assert rows == EXPECTED
    assert batch.quality["empty_values"] == 1
    assert batch.rows.schema == ROWS.table.arrow_schema()


def test_rows_before_the_first_day_to_load_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for grain, days, kept in (
        ("month", ("2026-02", "2026-03", "2026-04"), [date(2026, 3, 1), date(2026, 4, 1)]),
        ("date", ("2026-03-30", "2026-03-31", "2026-04-01"), [date(2026, 3, 31), date(2026, 4, 1)]),
    ):
        rows = [f"{grain},kpi,value", *(f"{day},nps,{place}" for place, day in enumerate(days))]
        (tmp_path / "data" / "crm.csv").write_text("\n".join(rows), encoding="utf-8")
        settings = Csv(id="crm", path="data/crm.csv", start=date(2026, 3, 31))
        batch = CsvSource(settings=settings, context=context(home=tmp_path)).read(ROWS, None)
        assert [row["period_start"] for row in batch.rows.to_pylist()] == kept


def test_days_and_both_parts_of_a_ratio_are_read(tmp_path: Path) -> None:
    row = read(tmp_path, "date,kpi,value,numerator,denominator\n2026-03-31,conversion,0.5,10,20\n").rows.to_pylist()[0]
    assert (row["grain"], row["period_start"]) == ("day", date(2026, 3, 31))
    assert (row["numerator"], row["denominator"]) == (10.0, 20.0)


def test_every_bad_line_is_named_at_once_with_its_number(tmp_path: Path) -> None:
    content = (
        "month,kpi,value,scope\n"
        "2026-13,nps,1,\n"
        "2026-03,NPS score,1,\n"
        "2026-03,nps,nan,\n"
        "2026-03,nps,inf,\n"
        "2026-03,nps,1e400,\n"
        "2026-03,nps,3;5,\n"
        "2026-03,nps,1,everything\n"
        "2026-03,nps,1\n"
        "2026-04,nps,1,\n"
        "2026-04,nps,2,all\n"
        "2026-5,nps,1,\n"
        '2026-06,nps,"1,5",\n'
    )
    with pytest.raises(Misconfigured) as raised:
        read(tmp_path, content)
    said = str(raised.value)
    assert "11 bad lines" in said
    for line in (2, 3, 4, 5, 6, 7, 8, 9, 11, 12):
        assert f"data/crm.csv:{line}: " in said
    assert "data/crm.csv:10: " not in said
    assert "and 1 more" in said
    assert "first in line 10" in said


def test_a_kpi_that_nobody_declared_is_a_bad_line_that_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    written = "month,kpi,value\n2026-03,followers,1\n2026-03,nps,2\n2026-04,folowers,3\n"
    (tmp_path / "data" / "crm.csv").write_text(written)
    settings = Csv(id="crm", path="data/crm.csv")
    known = replace(context(home=tmp_path), kpis=frozenset({"followers", "nps"}))
    with pytest.raises(Misconfigured) as raised:
        CsvSource(settings=settings, context=known).read(ROWS, None)
    assert "1 bad line; data/crm.csv:4: kpi 'folowers' is neither built in" in str(raised.value)
    assert 'did you mean "followers"?' in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("kpi", "good"),
    [("followers", False), ("search_position", False), ("interactions", True), ("new_followers", True), ("nps", True)],
)
def test_below_zero_is_a_bad_line_where_no_such_figure_can_be(kpi: str, good: bool, tmp_path: Path) -> None:
    # else the mart's check refuses it, and with it the night of every client
    content = f"month,kpi,value\n2026-03,{kpi},-1\n"
    if good:
        assert read(tmp_path, content).rows["value"].to_pylist() == [-1.0]
        return
    with pytest.raises(Misconfigured, match=f"crm.csv:2: {kpi} cannot be below zero"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("written", "good"), [("1989-12", False), ("1990-01", True), ("2100-12", True), ("2101-01", False)]
)
@pytest.mark.parametrize("by_day", [True, False])
def test_a_year_out_of_reach_is_a_bad_line(written: str, good: bool, by_day: bool, tmp_path: Path) -> None:
    content = f"date,kpi,value\n{written}-01,nps,1\n" if by_day else f"month,kpi,value\n{written},nps,1\n"
    if good:
        assert read(tmp_path, content).rows.num_rows == 1
    else:
        with pytest.raises(Misconfigured, match="1990 to 2100"):
            read(tmp_path, content)


def test_columns_that_a_spreadsheet_left_empty_at_the_end_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "month;kpi;value;;\n2026-03;nps;1;;\n2026-04;nps;2\n").rows.num_rows == 2
    with pytest.raises(Misconfigured, match=r"crm\.csv:2: 4 cells"):
        read(tmp_path, "month;kpi;value;\n2026-03;nps;1;5\n")


def test_lines_inside_quotes_are_counted(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"crm\.csv:4: "):
        read(tmp_path, 'month,kpi,value\n"2026-03",nps,"\n1"\n2026-04,nps,x\n')


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("kpi,value\nnps,1\n", "one of the columns date and month"),
        ("date,month,kpi,value\n", "one of the columns date and month"),
        ("month,kpi\n", "column value is missing"),
        ("month,kpi,value,value\n", "stands there twice"),
        ("month,kpi,value,colour\n", "unknown column 'colour'"),
        ("month,kpi,value,numerator\n", "numerator and denominator"),
        ('month,kpi,value\n2026-03,"nps,1\n', "not csv"),
        ("month,kpi,value,numerator,denominator\n2026-03,nps,1,2,\n", "come together"),
    ],
)
def test_a_file_that_is_no_table_of_figures_is_refused_saying_why(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=said):
        read(tmp_path, content)


TOKEN = "EAABwzLixnjYBO7secretsecret"


@pytest.mark.parametrize(
    "content", [TOKEN, f"{TOKEN}\n", f"token,{TOKEN}\n", f'{{"private_key": "{TOKEN}", "date": 1}}\n', f"kpi={TOKEN}"]
)
def test_a_first_line_that_is_no_header_is_told_by_its_shape_alone(content: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no header \(\d columns?, \d+ characters\)") as refused:
        read(tmp_path, content)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("folder", ["secrets", "state", "warehouse", "published", "dagster", "exports"])
@pytest.mark.parametrize("way", ["path", "link", "linked folder", "dots"])
def test_no_file_of_a_folder_of_ours_is_read_whatever_leads_there(folder: str, way: str, tmp_path: Path) -> None:
    for name in (folder, "data"):
        (tmp_path / name).mkdir()
    (tmp_path / folder / "tok").write_text(f"date,kpi,{TOKEN}\n")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / folder / "tok")
    (tmp_path / "data" / "more").symlink_to(tmp_path / folder, target_is_directory=True)
    path = {
        "path": f"{folder}/tok",
        "link": "data/link.csv",
        "linked folder": "data/more/tok",
        "dots": f"data/../{folder}/tok",
    }[way]
    settings = Csv.model_construct(id="crm", path=path)
    with pytest.raises(Misconfigured, match=f"leads into {folder}/") as refused:
        CsvSource(settings=settings, context=context(home=tmp_path)).read(ROWS, None)
    assert "secret" not in str(refused.value).replace("secrets/", "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("csv_roots: [history]\n", None),
        ("csv_roots: [data, history/]\n", None),
        (None, "does not lie below data/"),
        ("", "does not lie below data/"),
        ("csv_roots: history\n", "no list of folders"),
        ("csv_roots: ['']\n", "no list of folders"),
        (f"a: b: {TOKEN}\n", "is no YAML"),
        ("csv_roots: [secrets, state]\n", "does not lie below data/ or secrets/ or state/"),
    ],
)
def test_the_homes_settings_name_more_folders_of_csv_files(
    settings: str | None, said: str | None, tmp_path: Path
) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "old.csv").write_text("month,kpi,value\n2026-03,nps,1\n")
    if settings is not None:
        (tmp_path / "okr.yaml").write_text(settings)
    source = CsvSource(settings=Csv(id="crm", path="history/old.csv"), context=context(home=tmp_path))
    if said is None:
        assert source.read(ROWS, None).rows.num_rows == 1
        return
    with pytest.raises(Misconfigured, match=said) as refused:
        source.read(ROWS, None)
    assert TOKEN not in str(refused.value)


def test_a_header_alone_is_a_true_empty_answer(tmp_path: Path) -> None:
    assert read(tmp_path, "month,kpi,value\n").rows.num_rows == 0


def test_text_in_another_encoding_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="CSV UTF-8"):
        read(tmp_path, "month,kpi,value\n2026-03,nöjd,1\n".encode("latin-1"))


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path, "month,kpi,value\n", path="data/other.csv")


@pytest.mark.parametrize("path", ["../crm.csv", "/etc/passwd", "data"])
def test_a_path_outside_or_a_folder_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        read(tmp_path, "month,kpi,value\n", path=path)


def test_the_probe_counts_the_rows(tmp_path: Path) -> None:
    read(tmp_path, STANDARD)
    source = CsvSource(settings=Csv(id="crm", path="data/crm.csv"), context=context(home=tmp_path))
    assert source.probe().rows == 3
    assert source.zone().key == "Europe/Stockholm"


def test_a_hundred_thousand_lines_are_read() -> None:
    first = date(1990, 1, 1)
    lines = (f"{first + timedelta(days=n % 40_000)},k{n // 40_000},{n}\n" for n in range(100_000))
    parsed = parse(line for part in (["date,kpi,value\n"], lines) for line in part)
    assert len(parsed.rows) == 100_000
    assert not parsed.problems


@given(
    st.lists(
        st.tuples(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.none() | st.floats(-1e15, 1e15)),
        unique_by=lambda row: row[0],
    )
)
def test_what_a_spreadsheet_wrote_is_read_back(rows: list[tuple[date, float | None]]) -> None:
    for delimiter, comma in ((",", False), (";", True)):
        written = io.StringIO()
        writer = csv.writer(written, delimiter=delimiter)
        writer.writerow(["date", "kpi", "value"])
        for day, value in rows:
            text = "" if value is None else repr(value)
            writer.writerow([day.isoformat(), "nps", text.replace(".", ",") if comma else text])
        parsed = parse(io.StringIO(written.getvalue(), newline=""))
        assert not parsed.problems
        assert [(row["period_start"], row["value"]) for row in parsed.rows] == rows


@given(st.lists(st.text(max_size=60), max_size=8))
def test_no_text_breaks_the_parser_other_than_by_named_problems(lines: list[str]) -> None:
    parsed = parse(["month,kpi,value\n", *(line + "\n" for line in lines)])
    assert all(line >= 1 and problem for line, problem in parsed.problems)


@given(st.text(max_size=20), st.booleans())
def test_a_number_is_finite_or_missing_or_refused(text: str, comma: bool) -> None:
    try:
        value = number(text, column="value", decimals="comma" if comma else "point")
    except BadCell:
        return
    assert value is None or abs(value) <= 1e15


@pytest.mark.parametrize(
    ("cell", "decimals", "value"),
    [
        ("1.234,5", "comma", 1234.5),
        ("1.234.567", "comma", 1_234_567.0),
        ("1 234,5", "comma", 1234.5),
        ("0.125", "comma", 0.125),
        ("12.5", "comma", 12.5),
        ("1234,5", "either", 1234.5),
        ("12.3450", "either", 12.345),
        ("1,234,567", "point", 1_234_567.0),
        ("1,234.5", "point", 1234.5),
        ("12,345", "comma", 12.345),
        ("1e-7", "point", 1e-7),
    ],
)
def test_a_number_with_one_reading_is_that_number(cell: str, decimals: Decimals, value: float) -> None:
    assert number(cell, column="value", decimals=decimals) == value


@pytest.mark.parametrize(
    ("cell", "decimals"), [("12.345", "comma"), ("-1.500", "comma"), ("12,345", "either"), ("12.345", "either")]
)
def test_a_number_with_two_readings_is_refused_with_both(cell: str, decimals: Decimals) -> None:
    with pytest.raises(BadCell, match=r"can be read as -?\d+ or as -?\d+,\d{3}; write the one"):
        number(cell, column="value", decimals=decimals)


def test_a_thousand_in_quotes_between_commas_is_refused_with_both_readings(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"data/crm.csv:2: value '1,234' can be read as 1234 or as 1.234"):
        read(tmp_path, 'month,kpi,value\n2026-03,nps,"1,234"\n')


def test_swedish_excels_unicode_text_has_tabs_and_decimal_commas(tmp_path: Path) -> None:
    batch = read(tmp_path, "month\tkpi\tvalue\n2026-03\tnps\t1234,5\n".encode("utf-16"))
    assert batch.rows["value"].to_pylist() == [1234.5]


def test_a_scope_that_no_source_makes_is_named_with_the_nearest_one() -> None:
    lines = [
        "month,kpi,value,scope\n",
        "2026-03,sessions,10,source=webb\n",
        "2026-04,followers,10,platform=mastodonn\n",
    ]
    lines += ["2026-05,followers,10,platform=myspace\n", "2026-06,sessions,10,source=web\n"]
    parsed = parse(lines, scopes={"all", "source=web", "platform=mastodon"})
    assert [row["scope"] for row in parsed.rows] == ["platform=myspace", "source=web"]
    assert [line for line, _ in parsed.problems] == [2, 3]
    assert 'did you mean "web"' in parsed.problems[0][1]
    assert 'did you mean "mastodon"' in parsed.problems[1][1]


def test_a_row_that_stands_there_twice_counts_once_and_one_with_another_value_is_a_bad_line(tmp_path: Path) -> None:
    assert read(tmp_path, "month,kpi,value,scope\n2026-03,nps,1,\n2026-03,nps,1.0,all\n").rows.num_rows == 1
    with pytest.raises(
        Misconfigured, match=r"crm\.csv:4: nps of 2026-03 is 2 here and 1 first in line 2 \(data/crm\.csv:2\)"
    ):
        read(tmp_path, "month,kpi,value\n2026-03,nps,1\n2026-04,nps,1\n2026-03,nps,2\n")


def both(tmp_path: Path, first: str, second: str) -> list[Batch]:
    """Two files of one client, each read by its own source."""
    settings = (Csv(id="first", path="data/first.csv"), Csv(id="second", path="data/second.csv"))
    (tmp_path / "data").mkdir(exist_ok=True)
    for each, content in zip(settings, (first, second), strict=True):
        (tmp_path / each.path).write_text(content)
    inside = replace(context(home=tmp_path), others=settings)
    return [CsvSource(settings=each, context=inside).read(ROWS, None) for each in settings]


def test_two_files_that_answer_one_question_differently_name_both_lines_in_both_loads(tmp_path: Path) -> None:
    first, second = both(
        tmp_path,
        "date,kpi,value\n2026-03-01,sessions,5\n2026-03-02,sessions,6\n2026-03-03,sessions,7\n",
        "date,kpi,value\n2026-03-02,sessions,6.0\n2026-03-03,sessions,8\n2026-03-04,sessions,9\n",
    )
    for batch, mine, other in (
        (first, "7 in data/first.csv:4", "8 in data/second.csv:3"),
        (second, "8 in data/second", "7 in data/first"),
    ):
        assert batch.rows.num_rows == 3
        assert batch.partly is not None
        assert mine in batch.partly
        assert other in batch.partly
        assert "2026-03-02" not in batch.partly
        assert batch.quality["partial"] is True


def test_a_month_and_its_days_in_another_file_are_one_question_once_all_days_are_there(tmp_path: Path) -> None:
    days = [f"2026-03-{day:02},sessions,10" for day in range(1, 32)]
    month = "month,kpi,value\n2026-03,sessions,311\n"
    whole, part = ("date,kpi,value\n" + "\n".join(given) for given in (days, days[:30]))
    said = "sessions of 2026-03 is 311 in data/first.csv:2 and its days add up to 310, from data/second.csv:2 on"
    assert all(said in (batch.partly or "") for batch in both(tmp_path, month, whole))
    assert not any(batch.partly for batch in both(tmp_path, month, part))
    assert not any(batch.partly for batch in both(tmp_path, month.replace("311", "310"), whole))


def test_a_row_of_a_scope_that_no_source_has_is_said_in_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/crm.csv").write_text("month,kpi,value,scope\n2026-03,interactions,1,platform=tiktok\n")
    known = replace(context(home=tmp_path), scopes=frozenset({"all", "source=web"}))
    source = CsvSource(settings=Csv(id="crm", path="data/crm.csv"), context=known)
    doubts = source.read(ROWS, None).quality["doubts"]
    assert isinstance(doubts, list)
    assert [doubt["code"] for doubt in doubts if isinstance(doubt, dict)] == ["scope_unknown"]
    assert "1 rows are of platform=tiktok" in source.probe().detail


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_as_such(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"crm\.csv:1: it is UTF-16 without the mark .*; save it as CSV UTF-8"):
        read(tmp_path, STANDARD.encode(encoding))


def test_rows_of_days_to_come_are_named_and_kept_until_these_have_begun(tmp_path: Path) -> None:
    batch = read(tmp_path, "date,kpi,value\n2026-11-20,nps,1\n2062-11-21,nps,2\n2026-11-21,nps,3\n")
    (doubt,) = doubts(batch).values()
    assert (doubt["code"], doubt["quantity"], doubt["what"]) == ("rows_ahead", 2, "2026-11-21")
    assert batch.rows.num_rows == 3
    assert doubts(read(tmp_path, "month,kpi,value\n2026-11,nps,1\n")) == {}
    assert set(doubts(read(tmp_path, "month,kpi,value\n2026-12,nps,1\n"))) == {"rows_ahead"}


def test_history_of_a_source_under_its_former_id_is_that_sources(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    content = "month,kpi,value,scope\n2026-03,interactions,1,source=old\n2026-04,interactions,2,source=new\n"
    (tmp_path / "data/crm.csv").write_text(content)
    renamed = Feed(id="new", url="https://a.se/f", formerly=("old",))
    known = replace(context(home=tmp_path), others=(renamed,), scopes=frozenset({"all", "source=new", "source=old"}))
    source = CsvSource(settings=Csv(id="crm", path="data/crm.csv"), context=known)
    assert [row["scope"] for row in source.read(ROWS, None).rows.to_pylist()] == ["source=new", "source=new"]
    (tmp_path / "data/crm.csv").write_text(content.replace("2026-04", "2026-03"))
    with pytest.raises(Misconfigured, match=r"crm\.csv:3: interactions \(source=new\) of 2026-03 is 2 here and 1"):
        source.read(ROWS, None)


def test_a_spreadsheets_number_for_a_day_is_refused_with_the_day_that_it_means(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"crm\.csv:2: date '45658' .* number it is 2025-01-01: give the column"):
        read(tmp_path, "date,kpi,value\n45658,nps,5\n")
