"""A proxy of one TCP server that is slow to answer, or takes connections and never answers."""

import socket
import threading
import time
from contextlib import suppress
from typing import Self


class Proxy:
    """`delay` seconds before each piece of an answer; `dead` = what is asked goes nowhere. Both may change any time."""

    def __init__(self, upstream: int, delay: float = 0.0, dead: bool = False) -> None:
        self.delay, self.dead = delay, dead
        self._upstream = upstream
        self._open: set[socket.socket] = set()
        self._closed = False
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """Answers at once from now on; who still waits for an answer is hung up on."""
        self.delay, self.dead = 0.0, False
        self._hang_up()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hang_up(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(asking,), daemon=True).start()

    def _serve(self, asking: socket.socket) -> None:
        with asking, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            self._open |= {asking, server}
            for one in (asking, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._copy, args=(server, asking, True), daemon=True)
            back.start()
            self._copy(asking, server, False)
            back.join()
            self._open -= {asking, server}

    def _copy(self, source: socket.socket, sink: socket.socket, answer: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if self.dead:
                    continue  # read and forgotten
                if answer:
                    time.sleep(self.delay)
                sink.sendall(piece)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
