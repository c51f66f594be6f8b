"""An archive from outside is unpacked only as far as it is harmless; anything else is one error."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sources import archive as module
from reconciler.sources.archive import read_archive
from reconciler.sources.model import UnreadableFile
from tests.sources.rosters import changed, zipped

WANTED = ("users.csv", "classes.csv")
DAMAGED = "the file is no ZIP archive, or a damaged one"


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_archive(data, WANTED)
    assert caught.value.problem.hint
    return caught.value.problem.message


@pytest.mark.parametrize(
    "path", ["../users.csv", "a/../../users.csv", "/users.csv", "C:\\users.csv", "..\\users.csv", "C:users.csv"]
)
def test_a_path_that_leads_out_of_the_archive_is_refused(path: str) -> None:
    assert refusal(zipped({path: "x"})) == "the archive has a path that leads out of it"


def test_several_files_that_may_be_meant_are_refused() -> None:
    assert refusal(zipped({"a/users.csv": "x", "b/users.csv": "y"})) == "the archive has users.csv twice"
    expected = "the files are in several folders of the archive"
    assert refusal(zipped({"a/users.csv": "x", "b/classes.csv": "y"})) == expected


def test_an_archive_that_unpacks_to_too_much_is_refused_whatever_it_says_of_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 1024 * 1024)
    honest = zipped({"users.csv": b"0" * 600_000, "classes.csv": b"0" * 600_000})
    assert len(honest) < 3_000
    assert refusal(honest) == "the files of the archive have more than 1 MB"
    size = (600_000).to_bytes(4, "little")
    assert refusal(honest.replace(size, (1).to_bytes(4, "little"))) == DAMAGED


def test_an_archive_of_too_many_files_is_refused() -> None:
    assert "more than 1,000 files" in refusal(zipped({f"{number}.txt": "" for number in range(1_001)}))


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(zipped({"users.csv": "x"}))
    for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + at] |= 1
    assert refusal(bytes(data)) == "the archive is encrypted"


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04", b"sourcedId,status\n", changed("v1.1")[:-30]])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal(data) == DAMAGED


@given(st.data())
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(zipped({"users.csv": "sourcedId,role\n" * 20, "classes.csv": "sourcedId\n"}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_archive(bytes(whole), WANTED)
    except UnreadableFile:
        return
    assert set(found) <= set(WANTED)


def test_an_archive_with_a_method_that_nobody_knows_is_refused() -> None:
    data = bytearray(zipped({"users.csv": "x" * 100}))
    for header, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(header) + at] = 99
    assert refusal(bytes(data)) == DAMAGED


def test_an_entry_without_a_name_is_damage() -> None:
    data = zipped({"users.csv": "x"})
    nameless = bytearray(data.replace(b"users.csv", b"", 1))
    assert refusal(bytes(nameless).replace(b"users.csv", b"\0sers.csv")) == DAMAGED


def test_files_that_nobody_wants_are_not_unpacked() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("users.csv", "x")
        file.writestr("photos/1.jpg", b"0" * 10_000)
    data = bytearray(archive.getvalue())
    at = data.index(b"photos/1.jpg") + len(b"photos/1.jpg")
    data[at] ^= 0xFF  # damages the photo alone
    assert dict(read_archive(bytes(data), WANTED)) == {"users.csv": b"x"}
