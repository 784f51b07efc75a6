"""Which files does a page bring along? Ours alone, read once, named by what is in them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """`tag` is an ETag, in quotes."""

    content: bytes
    kind: str
    tag: str

    @property
    def version(self) -> str:
        return self.tag.strip('"')


def read_files() -> dict[str, File]:
    """By file name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            tag = f'"{hashlib.blake2b(content, digest_size=9).hexdigest()}"'
            found[path.name] = File(content, _TYPES[path.suffix], tag)
    return found


def answer_file(request: Request, file: File) -> Response:
    """Kept for a year if asked for by its version, else asked after every time."""
    lasting = request.query_params.get("v") == file.version
    keep = "public, max-age=31536000, immutable" if lasting else "no-cache"
    headers = {"ETag": file.tag, "Cache-Control": keep}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.kind, headers=headers)
