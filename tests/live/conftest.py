"""Real servers. Without them these tests skip with a reason; under REQUIRE_LIVE=1 they fail."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from elasticsearch import Elasticsearch

from tests.live.shop import Shop


def absent(reason: str) -> None:
    if os.environ.get("REQUIRE_LIVE") == "1":
        pytest.fail(f"REQUIRE_LIVE=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    url = os.environ.get("ELASTICSEARCH_URL", "http://127.0.0.1:19200").split(",")[0]
    with Elasticsearch(url, request_timeout=2, max_retries=0) as client:
        try:
            client.cluster.health(wait_for_status="yellow", timeout="30s")
        except Exception as error:
            absent(f"no Elasticsearch answers at {url} ({type(error).__name__}); set ELASTICSEARCH_URL")
    return url


@pytest.fixture
def prefix(elasticsearch_url: str) -> Iterator[str]:
    """Index names of this test alone; whatever it leaves is removed."""
    name = f"test-{uuid4().hex[:10]}-"
    yield name
    with Elasticsearch(elasticsearch_url) as client:
        for index in client.indices.get(index=f"{name}*"):
            client.indices.delete(index=index)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    url = os.environ.get("POSTGRES_URL", "postgresql://shop@127.0.0.1:15432/shop")
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        absent(f"no PostgreSQL answers at {url} ({str(error).splitlines()[0]}); set POSTGRES_URL")
    return url


@pytest.fixture(scope="session")
def redis_url() -> str:
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:16379/0")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        absent(f"no Redis answers at {url} ({type(error).__name__}); set REDIS_URL")
    return url


@contextmanager
def shop_of(folder: Path, postgres_url: str, redis_url: str, elasticsearch_url: str, **more: str) -> Iterator[Shop]:
    """A shop with its own database, broker queue, index prefix and folder; nothing of it is left."""
    name = f"shop_{uuid4().hex[:10]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.live.settings",
        "DATABASE_URL": f"{postgres_url.rpartition('/')[0]}/{name}",
        "CELERY_BROKER_URL": redis_url,
        "CELERY_QUEUE": name,
        "ELASTICSEARCH_URL": elasticsearch_url,
        "INDEX_PREFIX": f"{name.replace('_', '-')}-",
        "VAR_DIR": str(folder),
        "OMP_NUM_THREADS": "1",
        **more,
    }
    shop = Shop(environment)
    try:
        shop.manage("migrate", "--verbosity", "0")
        yield shop
    finally:
        shop.stop()
        with Elasticsearch(elasticsearch_url, request_timeout=30) as client:
            for index in client.indices.get(index=f"{environment['INDEX_PREFIX']}*"):
                client.indices.delete(index=index)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(postgres_url: str, redis_url: str, elasticsearch_url: str, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(tmp_path, postgres_url, redis_url, elasticsearch_url) as shop:
        yield shop
