import io
import os
import struct
import zipfile

import pytest

import vae_keras
from vae_keras.saving import archive
from vae_keras.saving.archive import read_members
from vae_keras.saving.refused import Refused

NAMES = ("config.json", "metadata.json", "model.weights.h5")


def archived(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def test_what_a_good_file_holds(good, write):
    members = read_members(write())
    assert members.weights == good["model.weights.h5"]
    assert members.config["class_name"] == "VAE"
    assert "keras_version" in members.metadata


def test_a_file_that_someone_has_compressed_loads(write):
    path = write(compression=zipfile.ZIP_DEFLATED)
    assert isinstance(vae_keras.load(path), vae_keras.VAE)


@pytest.mark.parametrize("name", NAMES)
def test_a_member_is_missing(good, refused, tmp_path, name):
    members = [item for item in good.items() if item[0] != name]
    assert f"without {name}" in refused(archived(tmp_path / "model.keras", members))


@pytest.mark.parametrize("name", ["extra.txt", "CONFIG.JSON", "config.json/", " "])
def test_a_member_too_many(good, refused, tmp_path, name):
    path = archived(tmp_path / "model.keras", [*good.items(), (name, b"x")])
    assert f"holds {name!r}, which no model of this package has" in refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", NAMES)
def test_a_member_twice(good, refused, tmp_path, name):
    path = archived(tmp_path / "model.keras", [*good.items(), (name, good[name])])
    assert "twice" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_keras_does_not_use(write, refused, method):
    assert "stored or deflated" in refused(write(compression=method))


def patched(path, name, offset, value, form="<H"):
    """Change a field of a member's entry in the directory."""
    content = bytearray(path.read_bytes())
    directory = content.rfind(b"PK\x01\x02", 0, content.rfind(name.encode()))
    struct.pack_into(form, content, directory + offset, value)
    path.write_bytes(content)
    return path


def test_an_encrypted_member(write, refused):
    assert "not encrypted" in refused(patched(write(), "config.json", 8, 1))


def test_members_over_each_other(write, refused):
    path = write()
    with zipfile.ZipFile(path) as file:
        offset = file.getinfo("metadata.json").header_offset
    message = refused(patched(path, "model.weights.h5", 42, offset, "<I"))
    assert "over each other" in message


def test_a_member_that_says_it_is_longer(write, refused):
    path = patched(write(), "config.json", 24, 1 << 20, "<I")
    assert "config.json is not as long as it says" in refused(path)


@pytest.mark.parametrize(("name", "size"), [("config.json", 9 << 20), ("metadata.json", 1 << 20)])
def test_json_that_is_too_large(good, refused, tmp_path, name, size):
    members = {**good, name: b" " * size}
    path = archived(tmp_path / "model.keras", members.items(), compression=zipfile.ZIP_DEFLATED)
    assert f"{name} of {size} bytes" in refused(path)


def test_a_directory_of_a_million_entries(refused, tmp_path):
    path = tmp_path / "model.keras"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 16) + b"x"
    entry = entry[:28] + struct.pack("<H", 1) + entry[30:]
    count = 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, len(entry) * count, 0, 0)
    path.write_bytes(entry * count + end)
    assert "zip directory of 47000000 bytes" in refused(path)


def test_a_terabyte_of_nothing(good, refused, tmp_path):
    """A sparse file: little on the disk, and more than any memory."""
    path = tmp_path / "model.keras"
    size = 1 << 40
    with open(path, "wb") as file, zipfile.ZipFile(file, "w") as made:
        for name in ("config.json", "metadata.json"):
            made.writestr(name, good[name])
        start = file.tell()
        member = zipfile.ZipInfo("model.weights.h5")
        member.header_offset, member.CRC = start, 0
        member.file_size = member.compress_size = size
        file.write(member.FileHeader(zip64=True))
        file.seek(size, os.SEEK_CUR)
        made.start_dir = file.tell()
        made.filelist.append(member)
        made.NameToInfo[member.filename] = member
        made._didModify = True
    assert path.stat().st_size > size
    assert "more than half of the memory here" in refused(path)


def test_weights_larger_than_half_of_the_memory(write, refused, monkeypatch):
    monkeypatch.setattr(archive, "machine_memory", lambda: 2000)
    assert "more than half of the memory here" in refused(write())


def test_a_pipe_that_nobody_writes_to(refused, tmp_path):
    path = tmp_path / "model.keras"
    os.mkfifo(path)
    assert "no regular file" in refused(path)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device(refused, path):
    assert "no regular file" in refused(path)


def test_a_folder_named_like_a_file(refused, tmp_path):
    folder = tmp_path / "x.keras"
    folder.mkdir()
    assert "no model.keras in it" in refused(folder)
    (folder / "model.keras").mkdir()
    assert "whole .keras file" in refused(folder)


def test_one_byte_changed_anywhere(write, refused):
    path = write()
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        starts = {info.filename: info.header_offset + 60 for info in file.infolist()}
    for start in starts.values():
        changed = bytearray(content)
        changed[start] ^= 1
        path.write_bytes(changed)
        refused(path)


def test_what_is_checked_is_what_is_loaded(write, config, monkeypatch):
    """Another process may put another file there between the two."""
    path = write()
    original = archive.private_copy

    def swapped(*read):
        path.write_bytes(b"something else")
        return original(*read)

    monkeypatch.setattr(archive, "private_copy", swapped)
    assert isinstance(vae_keras.load(path), vae_keras.VAE)


def test_refused_is_no_error_of_a_user():
    assert not issubclass(Refused, vae_keras.errors.VAEKerasError)
