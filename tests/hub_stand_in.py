"""A Hub on 127.0.0.1: the endpoints that huggingface_hub and datasets really use, with commits, tags, tokens and cut lines.

Repositories keep whole trees by commit; a commit's name is the hash of its content, its parent and its message. Large files go
through the LFS endpoints, and are kept by their SHA-256. Xet is not spoken: clients set HF_HUB_DISABLE_XET=1.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

WRITER, READER = "hf_writer", "hf_reader"


@dataclass
class Repository:
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    private: bool = False

    def commit(self, files, message):
        parent = self.order[-1] if self.order else ""
        hashes = sorted((path, hashlib.sha256(content).hexdigest()) for path, content in files.items())
        name = hashlib.sha1(json.dumps([hashes, parent, message]).encode()).hexdigest()
        self.commits[name] = dict(files)
        self.order.append(name)
        self.messages.append(message)
        return name

    @property
    def head(self):
        return self.order[-1]

    def resolve(self, revision):
        name = self.head if revision in ("main", "HEAD", "refs/heads/main") else self.tags.get(revision, revision)
        return name if name in self.commits else None


class HubStandIn:
    """A running Hub; `log` has every request, `cut` says where lines are cut: "put", "commit", "committed" or nowhere."""

    def __init__(self):
        self.repositories, self.blobs, self.log, self.validated = {}, {}, [], []
        self.cut, self.puts_before_cut = None, 0
        handler = type("Bound", (Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def count(self, method, part):
        return sum(done == method and part in path for done, path in self.log)


class RefusedError(Exception):
    """Status, message, and the code that the Hub gives with it."""

    def __init__(self, status, message, code=""):
        self.status, self.message, self.code = status, message, code


class Handler(BaseHTTPRequestHandler):
    hub: HubStandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", kind="application/json", **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(2)

    def body(self):
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_any(self):
        address = urlsplit(self.path)
        path, self.query = unquote(address.path), parse_qs(address.query)
        self.hub.log.append((self.command, path))
        self.content = self.body()
        try:
            self.find(path)
        except RefusedError as no:
            self.answer(no.status, {"error": no.message}, X_Error_Message=no.message, X_Error_Code=no.code)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815

    def find(self, path):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in ("", WRITER, READER):
            raise RefusedError(401, "Invalid credentials in Authorization header")
        for methods, pattern, name, needs_right in ROUTES:
            if self.command in methods and (found := re.fullmatch(pattern, path)):
                if needs_right and token != WRITER:
                    raise RefusedError(403 if token else 401, "You don't have the rights to write here")
                getattr(self, name)(*found.groups())
                return
        raise RefusedError(404, f"nothing at {path}", "EntryNotFound")

    def repository(self, repo_id):
        found = self.hub.repositories.get(repo_id)
        if found is None or (found.private and "Authorization" not in self.headers):
            status = 404 if "Authorization" in self.headers else 401
            raise RefusedError(status, "Repository not found", "RepoNotFound")
        return found

    def tree_of(self, repo_id, revision):
        """A commit's name and files."""
        repository = self.repository(repo_id)
        name = repository.resolve(revision)
        if name is None:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return name, repository.commits[name]

    def create(self):
        asked = json.loads(self.content)
        repo_id = f"{asked['organization']}/{asked['name']}"
        if repo_id in self.hub.repositories:
            return self.answer(409, {"error": "You already created this dataset repo", "url": self.address(repo_id)})
        repository = self.hub.repositories[repo_id] = Repository(
            private=asked.get("private") or asked.get("visibility") == "private"
        )
        repository.commit({".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}, "initial commit")
        return self.answer(200, {"url": self.address(repo_id), "name": repo_id})

    def address(self, repo_id):
        return f"{self.hub.endpoint}/datasets/{repo_id}"

    def validate(self):
        asked = json.loads(self.content)
        self.hub.validated.append(asked["content"])
        try:
            matter = yaml.safe_load(asked["content"].split("---\n")[1])
        except (IndexError, yaml.YAMLError) as error:
            return self.answer(400, {"errors": [{"message": f"no valid YAML: {error}"}], "warnings": []})
        if not isinstance(matter, dict) or not matter.get("license"):
            return self.answer(400, {"errors": [{"message": '"license" is required'}], "warnings": []})
        return self.answer(200, {"errors": [], "warnings": []})

    def preupload(self, repo_id, revision):
        found = self.tree_of(repo_id, revision)
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if is_large(file["path"]) else "regular",
                "shouldIgnore": False,
                "oid": git_hash(found[1][file["path"]]) if file["path"] in found[1] else None,
            }
            for file in json.loads(self.content)["files"]
        ]
        return self.answer(200, {"files": files})

    def batch(self, repo_id):
        objects = [
            {"oid": asked["oid"], "size": asked["size"]}
            | (
                {}
                if asked["oid"] in self.hub.blobs
                else {"actions": {"upload": {"href": f"{self.hub.endpoint}/lfs/{asked['oid']}"}}}
            )
            for asked in json.loads(self.content)["objects"]
        ]
        return self.answer(200, {"transfer": "basic", "objects": objects})

    def put(self, oid):
        if self.hub.cut == "put":
            if self.hub.puts_before_cut <= 0:
                return self.hang_up()
            self.hub.puts_before_cut -= 1
        if hashlib.sha256(self.content).hexdigest() != oid:
            raise RefusedError(400, "the content has another hash")
        self.hub.blobs[oid] = self.content
        return self.answer(200)

    def commit(self, repo_id, _branch):
        repository = self.repository(repo_id)
        if self.hub.cut == "commit":
            return self.hang_up()
        lines = [json.loads(line) for line in self.content.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit") not in (None, repository.head):
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repository.commits[repository.head])
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        name = repository.commit(files, header["summary"])
        if self.hub.cut == "committed":
            return self.hang_up()
        return self.answer(
            200, {"commitUrl": f"{self.address(repo_id)}/commit/{name}", "commitOid": name, "success": True}
        )

    def tag(self, repo_id, revision):
        found = self.tree_of(repo_id, revision)
        tags, name = self.hub.repositories[repo_id].tags, json.loads(self.content)["tag"]
        if name in tags:
            raise RefusedError(409, "Tag reference exists already")
        tags[name] = found[0]
        return self.answer(200, {})

    def refs(self, repo_id):
        repository = self.repository(repo_id)

        def ref(kind, name, commit):
            return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}

        tags = [ref("tags", name, commit) for name, commit in repository.tags.items()]
        return self.answer(200, {"branches": [ref("heads", "main", repository.head)], "converts": [], "tags": tags})

    def info(self, repo_id, revision="main"):
        found = self.tree_of(repo_id, revision)
        siblings = [{"rfilename": path} for path in found[1]]
        return self.answer(
            200,
            {
                "_id": "0",
                "id": repo_id,
                "sha": found[0],
                "siblings": siblings,
                "private": False,
                "gated": False,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "disabled": False,
            },
        )

    def tree(self, repo_id, revision, folder=""):
        found = self.tree_of(repo_id, revision)
        prefix = f"{folder}/" if folder else ""
        files = {path: content for path, content in found[1].items() if path.startswith(prefix)}
        is_deep = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        shown = [entry(path, content) for path, content in files.items() if is_deep or "/" not in path[len(prefix) :]]
        folders = {
            path[: len(prefix)] + path[len(prefix) :].split("/")[0] for path in files if "/" in path[len(prefix) :]
        }
        if folder and not files:
            raise RefusedError(404, f"{folder} does not exist", "EntryNotFound")
        return self.answer(
            200, [*({"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in folders), *shown]
        )

    def paths_info(self, repo_id, revision):
        found = self.tree_of(repo_id, revision)
        asked = (
            json.loads(self.content)["paths"]
            if self.content.startswith(b"{")
            else parse_qs(self.content.decode())["paths"]
        )
        return self.answer(200, [entry(path, found[1][path]) for path in asked if path in found[1]])

    def resolve(self, repo_id, revision, path):
        found = self.tree_of(repo_id, revision)
        if path not in found[1]:
            raise RefusedError(404, "Entry not found", "EntryNotFound")
        content = found[1][path]
        tag = hashlib.sha256(content).hexdigest() if is_large(path) else git_hash(content)
        about = {"ETag": f'"{tag}"', "X_Repo_Commit": found[0], "Accept_Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None or self.command == "HEAD":
            return self.answer(200, content, "application/octet-stream", **about)
        first, last = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
        about["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
        return self.answer(206, content[first : last + 1], "application/octet-stream", **about)


def is_large(path):
    return path.endswith(".parquet")


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(path, content):
    large = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    shown = {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
    return shown | ({"lfs": large} if is_large(path) else {})


REPO = r"([\w.-]+/[\w.-]+)"
ROUTES = [
    (("POST",), r"/api/repos/create", "create", True),
    (("POST",), r"/api/validate-yaml", "validate", False),
    (("POST",), rf"/api/datasets/{REPO}/preupload/([^/]+)", "preupload", True),
    (("POST",), rf"/datasets/{REPO}\.git/info/lfs/objects/batch", "batch", True),
    (("PUT",), r"/lfs/(\w+)", "put", False),
    (("POST",), rf"/api/datasets/{REPO}/commit/([^/]+)", "commit", True),
    (("POST",), rf"/api/datasets/{REPO}/tag/([^/]+)", "tag", True),
    (("POST",), rf"/api/datasets/{REPO}/paths-info/([^/]+)", "paths_info", False),
    (("GET",), rf"/api/datasets/{REPO}/refs", "refs", False),
    (("GET",), rf"/api/datasets/{REPO}/revision/([^/]+)", "info", False),
    (("GET",), rf"/api/datasets/{REPO}/tree/([^/]+)", "tree", False),
    (("GET",), rf"/api/datasets/{REPO}/tree/([^/]+)/(.+)", "tree", False),
    (("GET",), rf"/api/datasets/{REPO}", "info", False),
    (("GET", "HEAD"), rf"/datasets/{REPO}/resolve/([^/]+)/(.+)", "resolve", False),
]
