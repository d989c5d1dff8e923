"""A web server whose answers a test decides."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    def __init__(self):
        self.answers = {}
        self.calls = []
        self.redirects = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                web.calls.append((self.command, self.path, dict(self.headers), body))
                status, reply, delay = web.answers.get(self.path, (404, b"{}", 0))
                time.sleep(delay)
                self.send_response(status)
                if self.path in web.redirects:
                    self.send_header("Location", web.redirects[self.path])
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST = answer

            def log_message(self, *_args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, path, reply, status=200, delay=0):
        content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        self.answers[path] = (status, content, delay)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
