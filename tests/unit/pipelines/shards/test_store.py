"""The store as a folder and as a bucket behind a real HTTP server: one writer wins, and nothing is half there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipelines.shards.address import opened
from pipelines.shards.folder import FolderStore
from pipelines.shards.store import ATTEMPTS, Conflict, Found, Missing, Patient, Store, StoreUnavailable


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return opened(tmp_path / "store")
    return opened(f"{request.getfixturevalue('bucket')}/{tmp_path.name}")


def test_a_document_is_made_once_and_changed_by_who_saw_its_newest_state(store: Store) -> None:
    assert store.read("shards/plan") is None
    first = store.create("shards/plan", b"1")
    with pytest.raises(Conflict):
        store.create("shards/plan", b"other")
    second = store.swap("shards/plan", b"2", tag=first)
    with pytest.raises(Conflict, match="changed by another process"):
        store.swap("shards/plan", b"3", tag=first)
    assert store.read("shards/plan") == Found(b"2", second)


def test_of_many_writers_that_saw_one_state_exactly_one_wins(store: Store) -> None:
    tag = store.create("document", b"0")
    won: list[bytes] = []
    begin = threading.Barrier(8)

    def write(content: bytes) -> None:
        begin.wait()
        try:
            store.swap("document", content, tag=tag)
            won.append(content)
        except Conflict:
            pass

    threads = [threading.Thread(target=write, args=(f"writer {number}".encode(),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.read("document")
    assert found is not None
    assert won == [found.content]


def test_files_are_copied_in_listed_copied_out_and_taken_away(store: Store, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.write_bytes(b"\0rows" * 1000)
    store.put_file("shards/0001/files/a", here)
    store.put_file("shards/0001/files/b", here)
    store.put_file("shards/0001/files/a", here)
    store.create("shards/0001/state", b"{}")
    assert store.files("shards/0001/files") == ("shards/0001/files/a", "shards/0001/files/b")
    store.get_file("shards/0001/files/a", tmp_path / "new" / "there")
    assert (tmp_path / "new" / "there").read_bytes() == here.read_bytes()
    store.drop_file("shards/0001/files/a")
    store.drop_file("shards/0001/files/a")
    assert not store.has_file("shards/0001/files/a")
    assert store.has_file("shards/0001/files/b")
    with pytest.raises(Missing):
        store.get_file("shards/0001/files/a", tmp_path / "none")
    assert store.files("nowhere") == ()


def test_a_writer_that_slept_through_many_changes_is_refused_though_its_number_is_free_again(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    old = store.create("document", b"0")
    tag = old
    for number in range(10):
        tag = store.swap("document", f"{number}".encode(), tag=tag)
    assert not (tmp_path / "document.state" / f"{int(old) + 1:012}").exists()
    with pytest.raises(Conflict):
        store.swap("document", b"late", tag=old)
    assert store.read("document") == Found(b"9", tag)
    assert len(list((tmp_path / "document.state").iterdir())) == 4


class Failing(FolderStore):
    """Every n-th write fails, before or after it was done."""

    def __init__(self, root: Path, *, each: int, after: bool) -> None:
        super().__init__(root)
        self.each, self.after, self.count = each, after, 0

    def _write(self, key: str, content: bytes, *, after: int) -> str:
        self.count += 1
        fails = self.count % self.each == 0
        if fails and not self.after:
            raise StoreUnavailable(store=self.address, attempted=f"writing {key}", detail="failed on purpose")
        tag = super()._write(key, content, after=after)
        if fails:
            raise StoreUnavailable(store=self.address, attempted=f"writing {key}", detail="failed on purpose")
        return tag


@pytest.mark.parametrize("after", [False, True])
def test_a_write_that_failed_is_made_again_and_one_that_was_done_all_the_same_counts(
    tmp_path: Path, after: bool
) -> None:
    store = Patient(Failing(tmp_path, each=2, after=after), sleep=lambda _: None)
    tag = store.create("document", b"0")
    for number in range(1, 6):
        tag = store.swap("document", f"{number}".encode(), tag=tag)
    assert store.read("document") == Found(b"5", tag)


def test_a_store_that_never_answers_is_asked_a_bounded_number_of_times(tmp_path: Path) -> None:
    broken = Failing(tmp_path, each=1, after=False)
    with pytest.raises(StoreUnavailable, match="tried again the next night"):
        Patient(broken, sleep=lambda _: None).create("document", b"0")
    assert broken.count == ATTEMPTS


def test_a_folder_that_is_a_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="failed while"):
        Patient(FolderStore(tmp_path / "file"), sleep=lambda _: None).create("document", b"0")
