"""A typed client of the REST API, in Python's standard library alone. Copy it, and add the fields that you need.

shop = Shop("https://shop.example/api/v1")
for hit in shop.search(photo=Path("chair.jpg").read_bytes(), words="red", price={"lte": 100}).hits:
    print(hit.title, hit.price, hit.grade)
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, fields
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@dataclass(frozen=True, slots=True)
class Hit:
    id: str
    sku: str
    title: str
    url: str
    image: str
    price: str
    in_stock: bool
    score: float
    grade: str | None  # None where words brought it in
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    query_id: str
    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]  # field -> value -> how many
    photo_token: str  # searches with the same photo again, without sending it
    warnings: tuple[str, ...]
    degraded: tuple[str, ...]


class Refused(Exception):
    """A problem (RFC 9457): `code` is for programs, the message for people; `field` names the parameter at fault."""

    def __init__(self, status: int, code: str, detail: str, field: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.field, self.retry_after = status, code, field, retry_after


class Shop:
    """The API at this address, such as `https://shop.example/api/v1`."""

    def __init__(self, address: str, *, timeout: float = 30) -> None:
        self.address, self.timeout = address.rstrip("/"), timeout

    def search(
        self,
        *,
        photo: bytes | None = None,
        photo_token: str = "",
        words: str = "",
        page: int = 1,
        lang: str = "",
        **filters: Any,
    ) -> Answer:
        """Search by a photo, its token, words, or both; `filters` by field: `brand=["Acme"], price={"lte": 100}`."""
        asked = {"q": words, "photo_token": photo_token, "lang": lang, "page": str(page)}
        form = {name: value for name, value in asked.items() if value}
        if filters:
            form["filters"] = json.dumps(filters)
        found = self._post("search", form, photo)
        known = [field.name for field in fields(Hit)]
        return Answer(
            query_id=found["query_id"],
            total=found["total"]["value"],
            hits=tuple(Hit(**{name: hit[name] for name in known}) for hit in found["hits"]),
            facets={
                box["key"]: {str(item["value"]): item["count"] for item in box["items"]} for box in found["facets"]
            },
            photo_token=found["photo_token"],
            warnings=tuple(found["warnings"]),
            degraded=tuple(found["degraded"]),
        )

    def _post(self, name: str, form: dict[str, str], photo: bytes | None) -> Any:
        border = uuid.uuid4().hex
        parts = [f'name="{field}"\r\n\r\n{value}'.encode() for field, value in form.items()]
        if photo is not None:
            parts.append(b'name="image"; filename="photo"\r\nContent-Type: application/octet-stream\r\n\r\n' + photo)
        between = f"--{border}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(between + part + b"\r\n" for part in parts) + f"--{border}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={border}", "Accept": "application/json"}
        try:
            with urlopen(Request(f"{self.address}/{name}", body, headers), timeout=self.timeout) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            said, header = json.load(error), error.headers["Retry-After"]
            wait = int(header) if header else None
            raise Refused(error.code, said["code"], said["detail"], said.get("field", ""), wait) from None
