"""The reference shop: one machine, no server, until the environment says otherwise (docs/how-to/production.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

DEBUG = env.flag("DJANGO_DEBUG", default=True)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", "insecure-demo-key" if DEBUG else "")
ALLOWED_HOSTS = env.items("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("DJANGO_CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "visual_search",
    "visual_search.features.brand_protection",
    "visual_search.features.compatibility",
    "visual_search.features.customer_service",
    "visual_search.features.experiments",
    "visual_search.features.implicit_feedback",
    "visual_search.features.insights",
    "visual_search.features.merchandising",
    "visual_search.features.personalisation",
    "visual_search.features.query_log",
    "visual_search.features.recommendations",
    "visual_search.features.seo",
    "catalog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.policy.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "catalog.languages.choosing.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "visual_search.features.query_log.consent.QueryLogMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "catalog.views.navigation",
            ]
        },
    }
]

if database_url := env.text("DATABASE_URL"):
    parts = urlsplit(database_url)
    DATABASES: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
else:
    VAR_DIR.mkdir(parents=True, exist_ok=True)  # SQLite makes its file, but not the folder.
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "shop.sqlite3",
            "OPTIONS": {
                # A writer takes its lock at once, so two processes wait for each other and never deadlock half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000",
            },
        }
    }
# Without it each process has a cache in its memory. Redis: redis://host:6379/1
if cache_url := env.text("CACHE_URL"):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": cache_url,
            # A question doesn't wait long for its being counted.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The shop sends the weekly report of searches, new cases to brands and to the help desk, and what a person sends by a click.
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "webmaster@localhost")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
# Those in which every word of the pages is translated (docs/how-to/languages-of-the-page.md). Products are found in many more,
# and their texts show in the chosen language where the shop has them.
LANGUAGES = [
    ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"), ("pt-br", "Português"),
    ("ar", "العربية"), ("ja", "日本語"), ("zh-hans", "简体中文"),
]  # fmt: skip
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
SERVE_MEDIA = env.flag("DJANGO_SERVE_MEDIA", default=DEBUG)
# Pictures that anybody may see are in "default". Those of drafts, and photos to recognise by, are in "private", which no web
# server serves: staff see them through the admin (docs/decisions/0040-where-picture-files-stand.md).
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "private"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# What strangers send never touches a disk, whichever address they send it to: Django reads a form, files and all, before a
# view says that it wants none. The front lets no larger body through either (config/nginx.conf); ASGI keeps a body of this
# size in memory (config/asgi.py).
FILE_UPLOAD_HANDLERS = ["catalog.uploads.FormUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

# With a broker, workers do the indexing; without one, this process does. Redis: redis://host:6379/0
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
CELERY_TASK_ACKS_LATE = True  # A task whose worker died runs again; every task may run twice.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A save mustn't wait for a broker that is down: the outbox keeps the entry, and `reconcile` finds it later.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "visibility_timeout": 600}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "reconcile the index": {"task": "visual_search.tasks.reconcile", "schedule": 300.0},
    "find what changed without a note": {
        "task": "visual_search.tasks.reconcile",
        "schedule": 24 * 3600.0,
        "kwargs": {"deep": True},
    },
    "item vectors": {"task": "visual_search.features.personalisation.refresh", "schedule": 600.0},
    "seal, release, expire": {"task": "visual_search.features.query_log.tidy", "schedule": 600.0},
    "the catalogue's words": {"task": "visual_search.features.query_log.vocabulary", "schedule": 24 * 3600.0},
    "look through the catalogue": {
        "task": "visual_search.features.insights.check_catalogue",
        "schedule": 24 * 3600.0,
    },
    "weekly report of searches": {
        "task": "visual_search.features.insights.weekly_report",
        "schedule": 7 * 24 * 3600.0,
    },
    "what goes together": {"task": "visual_search.features.recommendations.train", "schedule": 24 * 3600.0},
    "look through the pages": {"task": "visual_search.features.seo.check_seo", "schedule": 24 * 3600.0},
    "look at listings": {"task": "visual_search.features.brand_protection.watch_listings", "schedule": 24 * 3600.0},
    "genuine pictures of brands": {
        "task": "visual_search.features.brand_protection.refresh_brands",
        "schedule": 24 * 3600.0,
    },
    "new cases of brands": {"task": "visual_search.features.brand_protection.tell_brands", "schedule": 24 * 3600.0},
    "cases and replies that wait": {
        "task": "visual_search.features.customer_service.tell_help_desk",
        "schedule": 300.0,
    },
    "photos whose time is over": {"task": "visual_search.features.customer_service.tidy_service", "schedule": 3600.0},
    "refit the similarity": {"task": "visual_search.tasks.refit_similarity", "schedule": 24 * 3600.0},
    "learn what grades are worth": {"task": "visual_search.tasks.calibrate", "schedule": 24 * 3600.0},
    "remove what nobody uses": {"task": "visual_search.tasks.prune", "schedule": 24 * 3600.0},
    "copies of pictures": {"task": "catalog.tasks.make_renditions", "schedule": 300.0},
    "files that nobody needs": {"task": "catalog.tasks.tidy_pictures", "schedule": 24 * 3600.0},
    "forget who ordered": {"task": "catalog.tasks.forget", "schedule": 24 * 3600.0},
    "read label text": {"task": "visual_search.tasks.see_pictures", "schedule": 60.0},
}

if elasticsearch_urls := env.items("ELASTICSEARCH_URL"):
    ENGINE = {
        "BACKEND": "visual_search.engines.elasticsearch.ElasticsearchEngine",
        "OPTIONS": {
            "hosts": elasticsearch_urls,
            "api_key": env.text("ELASTICSEARCH_API_KEY") or None,
            "ca_certs": env.text("ELASTICSEARCH_CA_CERTS") or None,
        },
    }
else:
    ENGINE = {
        "BACKEND": "visual_search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"folder": VAR_DIR / "search"},
    }
VISUAL_SEARCH: dict[str, Any] = {
    "ENGINE": ENGINE,
    "ENCODER": {
        "BACKEND": "visual_search.encoders.offline.OfflineEncoder",
        "OPTIONS": {"cache": VAR_DIR / "encoders", "threads": env.number("ENCODER_THREADS", default=1)},
    },
    "BASE_TEMPLATE": "catalog/base.html",
    "BELOW_RESULTS": "catalog/below_results.html",
    # The arms of an experiment first, so that rules can see them.
    "REWRITERS": [
        {"BACKEND": "visual_search.features.experiments.rewriter.ArmsRewriter"},
        {"BACKEND": "visual_search.features.merchandising.rewriter.MerchandisingRewriter"},
    ],
    # The shop's boosts come before the personal order, which so has its say among them.
    # Furniture is bought once: an earlier purchase says little, what resembles the things looked at says more.
    "RESCORERS": [
        # What shoppers choose more often than usual; it does nothing until it knows enough of that.
        {"BACKEND": "visual_search.features.implicit_feedback.rescorer.FeedbackRescorer"},
        {"BACKEND": "visual_search.features.merchandising.rescorer.MerchandisingRescorer"},
        {
            "BACKEND": "visual_search.features.personalisation.rescorer.PersonalRescorer",
            "OPTIONS": {"repeat": 0.1},
        },
        # Last, so that the shop's ranking is tried as shoppers get it. It does nothing while no experiment runs.
        {"BACKEND": "visual_search.features.experiments.rescorer.InterleavingRescorer"},
    ],
    "CURATORS": [{"BACKEND": "visual_search.features.merchandising.curator.MerchandisingCurator"}],
    "EXPERIMENT_RANKINGS": {"cheaper within a grade": {"BACKEND": "catalog.rankings.CheaperWithinGrades"}},
    # Keys in memory suit one process, as in the demo. Several need one folder on tmpfs (docs/explanation/privacy.md).
    "QUERY_LOG": {"KEY_FOLDER": env.text("QUERY_LOG_KEY_FOLDER") or None},
    "CUSTOMER_SERVICE": {
        "RECIPIENTS": env.items("HELP_DESK_RECIPIENTS"),
        "WEBHOOK_URL": env.text("HELP_DESK_WEBHOOK"),
        "SITE": env.text("SITE_ADDRESS"),
        # Apart from the database, and to be left out of its backups.
        "KEY_FOLDER": env.text("HELP_PHOTO_KEYS") or str(VAR_DIR / "photo_keys"),
    },
    "INSIGHTS": {"RECIPIENTS": env.items("REPORT_RECIPIENTS")},
    "SEO": {"SITE": "catalog.seo.Shop"},
    "LIMITS_KEY_FOLDER": env.text("QUERY_LOG_KEY_FOLDER") or None,
    "LIMITS_CACHE": "default" if cache_url else None,
    "PROXIES": env.number("PROXIES", default=0) or None,
}

# Pages run no script and no style but those of the shop's own files; a host that serves pictures or static files is added here.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

if not DEBUG:
    SECURE_CONTENT_TYPE_NOSNIFF = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("DJANGO_SECURE_COOKIES", default=True)
    # Browsers ask by TLS alone for so long, once they were told; so a shop begins with an hour and ends with a year.
    SECURE_HSTS_SECONDS = env.number("DJANGO_HSTS_SECONDS", default=0)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("DJANGO_HSTS_SUBDOMAINS", default=False)
    SECURE_HSTS_PRELOAD = env.flag("DJANGO_HSTS_PRELOAD", default=False)
    SECURE_SSL_REDIRECT = env.flag("DJANGO_TLS_REDIRECT", default=False)
    # Who watches this process asks it without the front, and so without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^api/v1/health"]
    # Whether all other hosts below the shop's name speak TLS, and for good, its owner alone knows.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Only behind a proxy that sets this header itself, as config/nginx.conf does; elsewhere anybody could.
if env.flag("DJANGO_TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
