"""The sweep of tests/attacks on PostgreSQL with its write-ahead log, Redis with a Celery worker, and Elasticsearch: what a busy shop runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import redis
from elasticsearch import Elasticsearch

from tests.attacks.canaries import files_under, sweep
from tests.attacks.server import FILL, environment_of, send_everything, serving
from tests.live.conftest import shop_of

pytestmark = [pytest.mark.live, pytest.mark.slow]


@dataclass(frozen=True)
class Kept:
    said: dict[str, Any]
    files: dict[str, bytes]
    database: dict[str, bytes]
    broker: dict[str, bytes]
    index: dict[str, bytes]
    wal: dict[str, bytes]

    @property
    def everything(self) -> dict[str, bytes]:
        return self.files | self.database | self.broker | self.index | self.wal


@pytest.fixture(scope="module")
def kept(postgres_url: str, redis_url: str, elasticsearch_url: str, tmp_path_factory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("live-attacked")
    more = {name: value for name, value in environment_of(folder).items() if name in ("TMPDIR", "HOME", "QUERY_LOG_KEY_FOLDER")}  # fmt: skip
    more |= {"DJANGO_SETTINGS_MODULE": "tests.attacks.live_settings", "LIVE_ENCODER": "thumbnails"}
    with shop_of(folder / "var", postgres_url, redis_url, elasticsearch_url, **more) as shop:
        begin = end_of_wal(postgres_url)
        shop.manage("visual_search", "rebuild", "--verbosity", "0")
        shop.run(FILL)
        shop.manage("visual_search", "tidy_query_log", "--vocabulary", "--verbosity", "0")
        with serving(shop.environment, folder / "output.log") as address:
            # With no worker yet: what is queued stays in the broker, to be looked into.
            said = send_everything(address, questions=60)
            broker = in_redis(redis_url)
        shop.start_worker()
        shop.wait_until(lambda: shop.all_indexed(3), "all three are indexed")
        database = in_postgres(shop.environment["DATABASE_URL"])
        index = in_elasticsearch(elasticsearch_url, shop.environment["INDEX_PREFIX"])
        wal = wal_since(postgres_url, begin)
        files = files_under(folder / "var", folder / "tmp", folder / "home")
        yield Kept(said, files | {"output": (folder / "output.log").read_bytes()}, database, broker, index, wal)


def in_redis(url: str) -> dict[str, bytes]:
    with redis.Redis.from_url(url) as client:
        return {f"redis {key!r}": client.dump(key) + _values(client, key) for key in client.scan_iter(count=1000)}


def _values(client: redis.Redis, key: bytes) -> bytes:
    """A list's entries as they were sent, for a dump packs them."""
    return b"\n".join(client.lrange(key, 0, -1)) if client.type(key) == b"list" else b""


def in_postgres(url: str) -> dict[str, bytes]:
    """All rows of all tables, and the last statement of each connection."""
    with psycopg.connect(url) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        found = {}
        for name in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT') as copied:
                found[f"table {name}"] = b"".join(bytes(block) for block in copied)
        said = connection.execute("SELECT query FROM pg_stat_activity WHERE datname = current_database()")
        return found | {"statements": "\n".join(row[0] for row in said).encode()}


def end_of_wal(url: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.execute("SELECT pg_current_wal_lsn()").fetchone()[0])


def wal_since(url: str, begin: str) -> dict[str, bytes]:
    """What PostgreSQL's write-ahead log has got since, of all databases of the server. Only its superuser may read that."""
    with psycopg.connect(url) as connection:
        parts = connection.execute(
            """
            SELECT name, pg_read_binary_file('pg_wal/' || name),
                   CASE WHEN name = b.file_name THEN b.file_offset ELSE 0 END,
                   CASE WHEN name = e.file_name THEN e.file_offset ELSE size END
            FROM pg_ls_waldir(), pg_walfile_name_offset(%s) b, pg_walfile_name_offset(pg_current_wal_flush_lsn()) e
            WHERE name BETWEEN b.file_name AND e.file_name
            """,
            [begin],
        )
        return {f"WAL {name}": bytes(data[start:end]) for name, data, start, end in parts}


def in_elasticsearch(url: str, prefix: str) -> dict[str, bytes]:
    with Elasticsearch(url, request_timeout=30) as client:
        client.indices.refresh(index=f"{prefix}*")
        answer = client.search(index=f"{prefix}*", size=1000)
        return {f"document {hit['_id']}": repr(hit).encode() for hit in answer["hits"]["hits"]}


def test_the_sweep_reaches_everything(kept: Kept) -> None:
    """The control."""
    assert sweep(kept.database, ["controlproduct"])
    assert any("queue" in name or b"index" in data for name, data in kept.broker.items()), list(kept.broker)
    assert sweep(kept.wal, ["controlproduct"])
    assert len(kept.index) >= 3
    assert kept.database["table visual_search_query_log_loggedquery"].count(b"\n") >= 60
    debug = next(data for name, data in kept.files.items() if name.endswith("debug.log"))
    assert b"_msearch" in debug  # Elasticsearch's client speaks, too
    assert b"INSERT INTO" in debug


def test_no_secret_is_kept_in_database_broker_index_logs_or_files(kept: Kept) -> None:
    assert sweep(kept.everything) == []
