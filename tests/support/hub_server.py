#!/usr/bin/env python3
"""A Hugging Face hub for tests: two local servers, the hub and the host that its large files are redirected to.

hub_server.py FOLDER LOG      serves FOLDER/org/name/…; prints "HUB_PORT CDN_PORT"; a line of JSON per request in LOG

FOLDER/org/name.json says what is special about a repository (all optional):
  license, gated ("manual": the token "good" opens it), revisions {"main": COMMIT, …}, links {"a": "../../x"}: extra names
  cut: bytes after which each answer of the second host is cut        no_ranges: it ignores Range
  corrupt: it flips a byte             longer, shorter: it sends so many bytes more or fewer than the list says
  gone: its answers are 404            busy: so many answers are 503 first           moved: the repository's new name
Files above 1000 bytes are large: stored by SHA-256 on the second host. Protocol: huggingface.co as of huggingface_hub 1.x.
"""
import hashlib
import http.server
import json
import os
import re
import sys
import threading

COMMIT = "a" * 40
LARGE = 1000
folder, log_path = sys.argv[1:3]
log_lock = threading.Lock()
busy_left = {}


def settings(repo):
    try:
        with open(os.path.join(folder, repo + ".json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def content(repo, path):
    with open(os.path.join(folder, repo, path), "rb") as file:
        return file.read()


def hashes(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(), hashlib.sha256(data).hexdigest()


def paths_of(repo):
    base = os.path.join(folder, repo)
    for where, _, names in sorted(os.walk(base)):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(where, name), base)


def sibling(repo, path):
    data = content(repo, path)
    sha1, sha256 = hashes(data)
    entry = {"rfilename": path, "size": len(data), "blobId": sha1}
    if len(data) > LARGE:
        entry["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
    return entry


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, server):
        line = {"server": server, "method": self.command, "path": self.path,
                "authorization": self.headers.get("Authorization"), "range": self.headers.get("Range")}
        with log_lock, open(log_path, "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        headers = dict(headers or {})
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code, message):
        self.answer(status, json.dumps({"error": message}).encode(), {"X-Error-Code": code, "X-Error-Message": message})


class Hub(Handler):
    def do_GET(self):
        self.note("hub")
        path, _, query = self.path.partition("?")
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        resolve = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = api or resolve
        repo = found and found.group(1)
        if not found or not os.path.isdir(os.path.join(folder, repo)):
            moved = repo and settings(repo).get("moved")
            if moved:
                return self.answer(307, headers={"Location": self.path.replace(repo, moved)})
            return self.error(401, "RepoNotFound", "Invalid username or password.")
        special = settings(repo)
        if self.headers.get("Authorization") == "Bearer stale":
            return self.error(401, "", "Invalid credentials in Authorization header")
        revisions = special.get("revisions", {"main": COMMIT})
        revision = found.group(2) or "main"
        commit = revisions.get(revision, revision if revision in revisions.values() else None)
        if commit is None:
            return self.error(404, "RevisionNotFound", "Invalid rev id: " + revision)
        if api:
            return self.info(repo, special, commit, "blobs=true" in query)
        return self.resolve(repo, special, commit, found.group(3))

    do_HEAD = do_GET

    def info(self, repo, special, commit, blobs):
        siblings = [sibling(repo, path) for path in paths_of(repo)]
        for name in special.get("links", {}):
            siblings.append({"rfilename": name, "size": 3, "blobId": hashes(b"abc")[0]})
        if not blobs:
            siblings = [{"rfilename": one["rfilename"]} for one in siblings]
        info = {"_id": "0", "id": repo, "modelId": repo, "sha": commit, "private": False,
                "gated": special.get("gated", False), "siblings": siblings, "tags": ["gguf"]}
        if "license" in special:
            info["cardData"] = {"license": special["license"]}
            info["tags"].append("license:" + special["license"])
        self.answer(200, json.dumps(info).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def resolve(self, repo, special, commit, path):
        if special.get("gated") and self.headers.get("Authorization") != "Bearer good":
            status = 403 if self.headers.get("Authorization") else 401
            return self.error(status, "GatedRepo", "Access to model %s is restricted." % repo)
        try:
            data = content(repo, path)
        except OSError:
            return self.error(404, "EntryNotFound", "Entry not found")
        sha1, sha256 = hashes(data)
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes", "ETag": '"%s"' % sha1}
        if len(data) <= LARGE:
            return self.answer(200, data, headers)
        headers.update({"X-Linked-Size": str(len(data)), "X-Linked-ETag": '"%s"' % sha256,
                        "Location": "http://localhost:%d/%s/%s?signature=secret" % (cdn.server_port, repo, path)})
        self.answer(302, b"Found. Redirecting", headers)


class Cdn(Handler):
    def do_GET(self):
        self.note("cdn")
        repo, path = re.fullmatch(r"/([^/]+/[^/]+)/(.+)", self.path.partition("?")[0]).groups()
        special = settings(repo)
        if special.get("gone"):
            return self.answer(404, b"no such thing")
        if busy_left.setdefault(repo, special.get("busy", 0)) > 0:
            busy_left[repo] -= 1
            return self.answer(503, b"busy")
        data = content(repo, path)
        if special.get("corrupt"):
            data = data[:-1] + bytes([data[-1] ^ 1])
        data = data[:len(data) - special.get("shorter", 0)] + b"x" * special.get("longer", 0)
        begins = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(begins.group(1)) if begins and not special.get("no_ranges") else 0
        if start >= len(data) > 0 and start > 0:
            return self.answer(416, b"", {"Content-Range": "bytes */%d" % len(data)})
        body = data[start:]
        headers = {"Content-Length": str(len(body))}
        if start:
            headers["Content-Range"] = "bytes %d-%d/%d" % (start, len(data) - 1, len(data))
        if special.get("cut") and len(body) > special["cut"]:
            self.answer(206 if start else 200, body[:special["cut"]], headers)
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return None
        return self.answer(206 if start else 200, body, headers)

    do_HEAD = do_GET


cdn = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cdn)
hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
for server in (cdn, hub):
    server.daemon_threads = True
threading.Thread(target=cdn.serve_forever, daemon=True).start()
print(hub.server_port, cdn.server_port, flush=True)
hub.serve_forever()
