"""A web server on this machine, and a cache of its own for what is downloaded."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

import pytest


class Server:
    """Serves ``files``: path -> (status, content, announced length or None for the true one)."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[int, bytes, int | None]] = {}
        self.requests: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                status, content, length = server.files.get(self.path, (404, b'<html>404 Not Found</html>', None))
                self.send_response(status)
                self.send_header('Content-Length', str(len(content) if length is None else length))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.http.server_port}'
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs=dict(poll_interval=0.01), daemon=True)
        self.thread.start()

    def put(self, path: str, content: bytes, status: int = 200, length: int | None = None) -> str:
        self.files[path] = (status, content, length)
        return self.url + path

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A fresh server; downloads go to ``tmp_path/torch``."""
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    server = Server()
    yield server
    server.close()
