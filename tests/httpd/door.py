"""A listening socket with a thread for each connection: what test servers of raw sockets share."""

import contextlib
import socket
import threading


class Door:
    """with Door() as door: listens on door.port, or at a path. Subclasses have _serve(peer)."""

    def __init__(self, path=None):
        if path is None:
            self.door = socket.create_server(("127.0.0.1", 0))
            self.port = self.door.getsockname()[1]
        else:
            self.door = socket.socket(socket.AF_UNIX)
            self.door.bind(str(path))
            path.chmod(0o777)
            self.door.listen(16)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.door.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
