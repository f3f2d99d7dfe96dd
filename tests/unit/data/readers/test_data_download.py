import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vae_keras.data.readers import download as module
from vae_keras.data.readers.download import DownloadFailed, download
from vae_keras.errors import DataError

REAL_OPEN = module._open  # before the folder's fixture cuts the network


@pytest.fixture(autouse=True)
def local_network(cache, monkeypatch):
    """Let this file's tests open addresses, and wait less long; they use 127.0.0.1 only."""
    monkeypatch.setattr(module, "_open", REAL_OPEN)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "OPEN_SECONDS", 0.8)
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.4)
    monkeypatch.setattr(module, "STALL_SECONDS", 0.4)


Serve = Callable[[Callable[[http.server.BaseHTTPRequestHandler], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves every GET with a handler, and tells the URL."""
    servers = []

    def start(answer) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, format, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/file.gz"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler, body: bytes, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def accept(path: Path) -> None:
    """Accept any file."""


def test_whole_file_appears_under_its_name(tmp_path: Path, serve: Serve):
    body = bytes(range(256)) * 1000
    seen = []

    def verify(part: Path) -> None:
        seen.append(part.name)
        assert part.read_bytes() == body

    target = tmp_path / "new" / "file.gz"
    download(serve(lambda handler: send(handler, body)), target, verify)
    assert target.read_bytes() == body
    assert [path.name for path in target.parent.iterdir()] == ["file.gz"]
    assert seen != ["file.gz"]


def assert_fails(url: str, target: Path, reason: str, verify=accept) -> float:
    start = time.monotonic()
    with pytest.raises(DownloadFailed, match=reason) as caught:
        download(url, target, verify)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))
    return time.monotonic() - start


def test_refused_file_leaves_nothing(tmp_path: Path, serve: Serve):
    def refuse(path: Path) -> None:
        raise DataError("another file")

    url = serve(lambda handler: send(handler, b"<html>please log in</html>"))
    assert_fails(url, tmp_path / "file.gz", "did not send the published file", refuse)


def test_error_of_the_server(tmp_path: Path, serve: Serve):
    url = serve(lambda handler: handler.send_error(404))
    assert_fails(url, tmp_path / "file.gz", "Not Found")


def test_file_cut_short(tmp_path: Path, serve: Serve):
    url = serve(lambda handler: send(handler, b"half", length=8))
    assert_fails(url, tmp_path / "file.gz", "after 4 of 8 bytes")


def test_file_without_end(tmp_path: Path, serve: Serve, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    url = serve(lambda handler: send(handler, bytes(99)))
    assert_fails(url, tmp_path / "file.gz", "larger than 10 bytes")


def test_nobody_listens(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert_fails(f"http://127.0.0.1:{port}/", tmp_path / "file.gz", "Connection refused")


def test_server_that_never_answers_is_given_up(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert assert_fails(url, tmp_path / "file.gz", "timed out") < 2


def test_silence_within_the_file_is_given_up(tmp_path: Path, serve: Serve):
    done = threading.Event()

    def answer(handler) -> None:
        send(handler, b"start", length=100)
        done.wait(5)

    seconds = assert_fails(serve(answer), tmp_path / "file.gz", "timed out")
    done.set()
    assert seconds < 2


def test_trickle_is_given_up(tmp_path: Path, serve: Serve):
    done = threading.Event()

    def answer(handler) -> None:
        send(handler, b"", length=10_000)
        while not done.wait(0.05):
            handler.wfile.write(b".")

    seconds = assert_fails(serve(answer), tmp_path / "file.gz", "stalled after [0-9]+ bytes")
    done.set()
    assert seconds < 2


def test_name_lookup_that_hangs_is_given_up(tmp_path: Path, monkeypatch):
    release = threading.Event()

    def hang(*args, **kwargs):
        release.wait(10)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    seconds = assert_fails("http://unreachable.invalid/", tmp_path / "file.gz", "no answer within")
    release.set()
    assert seconds < 2


def test_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadFailed, match=r"exists|directory"):
        download("http://127.0.0.1:9/", tmp_path / "file" / "x.gz", accept)


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_offline_forbids(tmp_path: Path, monkeypatch, value: str):
    monkeypatch.setenv("VAE_KERAS_OFFLINE", value)
    assert_fails("http://127.0.0.1:9/", tmp_path / "x", "VAE_KERAS_OFFLINE")


@pytest.mark.parametrize("value", ["", "0", "False"])
def test_offline_switched_off(monkeypatch, value: str):
    monkeypatch.setenv("VAE_KERAS_OFFLINE", value)
    assert not module.offline()


@pytest.mark.parametrize(("terminal", "shown"), [(True, True), (False, False)])
def test_progress_only_on_a_terminal(
    tmp_path: Path, serve: Serve, monkeypatch, capsys, terminal: bool, shown: bool
):
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: terminal)
    download(serve(lambda handler: send(handler, bytes(1_500_000))), tmp_path / "f.gz", accept)
    err = capsys.readouterr().err
    assert ("Downloading f.gz: 1.5 of 1.5 MB\n" in err) == shown
    assert bool(err) == shown
