"""The compose file stays true to the settings and the commands it names."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import get_commands

from config import healthy
from config.celery import app
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from visual_search import warming
from visual_search.management.installed import subcommands

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "config/compose.yaml").read_text())
SETTINGS = (ROOT / "config/settings.py").read_text()
SERVICES = COMPOSE["services"]
SHOP = ["setup", "web", "worker", "beat"]


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == {"elasticsearch", "postgres", "redis", "front", *SHOP}


@pytest.mark.parametrize("name", SHOP)
def test_every_variable_is_read_by_the_settings(name: str) -> None:
    for variable in SERVICES[name]["environment"]:
        assert f'"{variable}"' in SETTINGS, f"config/settings.py never reads {variable}"


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs/how-to/production.md").read_text()
    for variable in re.findall(r'env\.(?:text|flag|items|number)\("(\w+)"', SETTINGS):
        assert f"`{variable}`" in page, f"docs/how-to/production.md lacks {variable}"


@pytest.mark.parametrize("name", SHOP)
def test_the_image_is_built_from_a_file_that_is_there(name: str) -> None:
    build = SERVICES[name]["build"]
    assert (ROOT / "config" / build["context"] / build["dockerfile"]).is_file()


def test_the_image_copies_files_that_are_there() -> None:
    for line in (ROOT / "config/Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), line


def test_setup_runs_commands_that_exist() -> None:
    command = SERVICES["setup"]["command"]
    named = re.findall(r"manage\.py (\w+)", command)
    assert "visual_search" in named
    assert set(named) <= set(get_commands())
    assert set(re.findall(r"manage\.py visual_search (\w+)", command)) <= set(subcommands())


@pytest.mark.django_db(transaction=True)
def test_the_container_is_healthy_once_questions_may_be_sent(shop, live_server, settings, monkeypatch) -> None:  # noqa: F811
    settings.ALLOWED_HOSTS = ["shop.example"]
    here = {"GUNICORN_BIND": f"0.0.0.0:{urlsplit(live_server.url).port}"}
    assert healthy.ready({**here, "DJANGO_ALLOWED_HOSTS": "shop.example, www.shop.example"})
    assert not healthy.ready({**here, "DJANGO_ALLOWED_HOSTS": "other.example"})
    assert not healthy.ready({"GUNICORN_BIND": "127.0.0.1:1"})
    monkeypatch.setattr(warming, "is_going_on", lambda: True)
    assert not healthy.ready({**here, "DJANGO_ALLOWED_HOSTS": "shop.example"})
    dockerfile = (ROOT / "config/Dockerfile").read_text()
    assert 'CMD ["python", "config/healthy.py"]' in dockerfile


def test_the_front_is_the_one_that_is_shipped_and_attacked() -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES["front"]["volumes"]]
    assert (ROOT / "config" / mounted[0]).samefile(ROOT / "config/nginx.conf")
    text = (ROOT / "config/nginx.conf").read_text()
    assert "server web:8000;" in text
    assert "8000" in SERVICES["web"]["expose"]


@pytest.mark.parametrize("name", SHOP)
def test_the_shop_waits_until_its_servers_are_healthy(name: str) -> None:
    for server in SERVICES[name]["depends_on"]:
        assert "healthcheck" in SERVICES[server]


def test_the_schedule_names_tasks_that_exist(settings) -> None:
    app.loader.import_default_modules()  # as a worker does when it starts
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
