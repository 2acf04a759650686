"""A tiny site on 127.0.0.1: gives the pages of pages/ and remembers what their forms send.

    with Website() as site:
        site.address("order.html")      # "http://127.0.0.1:41234/order.html"
        site.sent                       # [{"form": "order", "name": "Ada", …}]
"""
import http.server
import pathlib
import threading
import urllib.parse

PAGES = pathlib.Path(__file__).parent / "pages"
THANKS = "<!doctype html><title>Sent</title><h1>Thank you</h1><p>We have received it."


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        page = PAGES / pathlib.PurePosixPath(urllib.parse.urlsplit(self.path).path).name
        if page.suffix == ".html" and page.is_file():
            self.answer(200, page.read_text())
        else:
            self.answer(404, "no such page")

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", 0)), 1 << 16)
        fields = urllib.parse.parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True)
        self.server.sent.append({"form": self.path.strip("/")} | dict(fields))
        self.answer(200, THANKS)

    def log_message(self, *_):
        pass


class Website:
    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.sent = []
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def sent(self):
        return self.server.sent

    def address(self, page):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{page}"
