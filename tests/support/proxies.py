"""A wire between a client and a server that can be cut: a TCP proxy that counts what passes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading


class Wire:
    """A proxy in front of a server at `url`; clients ask it at its own.

    `sent` and `received` count the bytes that clients have sent and received through it. Once more than `limit` bytes have passed in one
    direction of a connection, that connection is cut; `cuts` counts how often. Once clients have received `holds_after` bytes in all, they
    get nothing more, and no connection is closed; `holds` says so.
    """

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._there = (host, int(port))
        self.sent = self.received = self.cuts = 0
        self.limit: int | None = None
        self.holds_after: int | None = None
        self._let_go = threading.Event()
        self._guard = threading.Lock()
        self._ends: list[socket.socket] = []
        self._carriers: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def holds(self) -> bool:
        """Whether clients get nothing more."""
        return self.holds_after is not None and self.received >= self.holds_after

    def close(self) -> None:
        """Cut what is left."""
        self._let_go.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for carrier in self._carriers:
            carrier.join()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(self._there)
            except OSError:  # the server is gone: so is the connection
                here.close()
                continue
            self._ends += [here, there]
            carrier = threading.Thread(target=self._carry, args=(here, there), daemon=True)
            self._carriers.append(carrier)
            carrier.start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        back = threading.Thread(target=self._pass_on, args=(there, here, "received"), daemon=True)
        back.start()
        self._pass_on(here, there, "sent")
        back.join()
        for end in (here, there):
            # A reset, as of a machine that is gone: whoever still sends hears of it.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, name: str) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if name == "received" and self.holds:
                    self._let_go.wait()
                target.sendall(data)
                passed += len(data)
                with self._guard:
                    setattr(self, name, getattr(self, name) + len(data))
                    if self.limit is not None and passed > self.limit:
                        self.cuts += 1
                        break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
