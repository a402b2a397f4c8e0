"""Settings of the reference host, read from the environment; with none set, everything still works.

`DATABASE_URL`, `CELERY_BROKER_URL` and `CACHE_URL` name services of your own; what they leave open
is embedded, in the folder named by `LAUNCHOPT_HOME`.
"""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import unquote

import environ

from launchopt_project import embedded
from launchopt_project.embedded import Home
from launchopt_project.paths import home_path

env = environ.Env()
HOME = Home(home_path())
# What this process is: `web` has a connection pool and knows nothing of the workers' code.
ROLE = env.str("LAUNCHOPT_ROLE", "shell")

DEBUG = env.bool("DJANGO_DEBUG", False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", "") or HOME.secret_key()
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "launchopt",
    "launchopt.operations",
    "launchopt.catalog",
    "launchopt.audiences",
    "launchopt.experiments",
    "launchopt.campaigns",
    "launchopt_project.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_celery_beat",
]
# A worker has its tasks; a shell has the commands that need torch, where torch is.
if ROLE == "worker" or (ROLE == "shell" and find_spec("torch")):
    INSTALLED_APPS.insert(6, "launchopt_workers")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "launchopt_project.urls"
WSGI_APPLICATION = "launchopt_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Services: what the environment names, else what is embedded.
_embedded = embedded.services_of(HOME)
if not env.str("DATABASE_URL", ""):
    embedded.start_database(HOME)
DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL", "") or _embedded.database_url)}
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if ROLE == "web":
    # A request waits so long for a database that is away: a short restart is not an error.
    pool = {"min_size": 1, "max_size": 8, "timeout": 20, "reconnect_timeout": 5}
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = pool
elif ROLE == "worker":
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if not (env.str("CELERY_BROKER_URL", "") and env.str("CACHE_URL", "")):
    embedded.start_broker(HOME)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or _embedded.broker_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", "") or _embedded.cache_url,
        "KEY_PREFIX": "launchopt",
    }
}

# Above the longest step: Redis delivers a task again that runs longer. Lost runs are found sooner,
# by their heartbeat.
LONGEST_STEP_SECONDS = 6 * 3600
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": LONGEST_STEP_SECONDS}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# Such as smtp+tls://user:password@mail.example:587; without it the mail server of this machine.
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))

PASSWORD_RULES = [
    "UserAttributeSimilarityValidator",
    "MinimumLengthValidator",
    "CommonPasswordValidator",
    "NumericPasswordValidator",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"} for name in PASSWORD_RULES
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
if env.bool("DJANGO_HTTPS", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("DJANGO_HSTS_SECONDS", 3600)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = env.str("DJANGO_STATIC_ROOT", str(HOME.static))
MEDIA_ROOT = env.str("DJANGO_MEDIA_ROOT", str(HOME.media))
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

SPECTACULAR_SETTINGS = {
    "TITLE": "LaunchOpt",
    "DESCRIPTION": "Runs the launch of a product that nobody has bought yet.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "LaunchStatusEnum": "launchopt.campaigns.models.Launch.Status",
        "CreativeStatusEnum": "launchopt.campaigns.models.Creative.Status",
        "ExperimentStatusEnum": "launchopt.experiments.models.Experiment.Status",
        "ModelStatusEnum": "launchopt.operations.models.ModelVersion.Status",
        "EventKindEnum": "launchopt.audiences.models.EventKind",
        "MetricKindEnum": "launchopt.experiments.models.Metric.Kind",
    },
}

LAUNCHOPT = {
    "CURRENCY": env.str("LAUNCHOPT_CURRENCY", "USD"),
    "TIME_ZONE": env.str("LAUNCHOPT_TIME_ZONE", "UTC"),
    "LANGUAGE": env.str("LAUNCHOPT_LANGUAGE", "en"),
    "ENCODER": env.str("LAUNCHOPT_ENCODER", "all-MiniLM-L6-v2"),
    "TONE": env.str("LAUNCHOPT_TONE", "warm"),
    "WRITERS": env.dict("LAUNCHOPT_WRITERS", default={}),
    "COPY_MODEL": env.str("LAUNCHOPT_COPY_MODEL", ""),
    "COPY_VOICE": env.str("LAUNCHOPT_COPY_VOICE", ""),
    "COPY_SERVER": env.str("LAUNCHOPT_COPY_SERVER", ""),
    "COPY_SERVER_MODEL": env.str("LAUNCHOPT_COPY_SERVER_MODEL", ""),
    "COPY_SERVER_KEY": env.str("LAUNCHOPT_COPY_SERVER_KEY", ""),
    "TRACKING_FOLDER": env.str("LAUNCHOPT_TRACKING_FOLDER", ""),
    "TRACKING_PROJECT": env.str("LAUNCHOPT_TRACKING_PROJECT", ""),
    "EMAIL_FROM": env.str("LAUNCHOPT_EMAIL_FROM", ""),
    "SITE_URL": env.str("LAUNCHOPT_SITE_URL", ""),
    "ALERT_EMAILS": tuple(env.list("LAUNCHOPT_ALERT_EMAILS", default=[])),
    "WEBHOOK_NETWORKS": tuple(env.list("LAUNCHOPT_WEBHOOK_NETWORKS", default=[])),
    "WEBHOOK_ALLOW_HTTP": env.bool("LAUNCHOPT_WEBHOOK_ALLOW_HTTP", False),
    # Web processes borrow; a worker or a shell decides seldom, and takes what it needs.
    "LEASE_CONTACTS": env.int("LAUNCHOPT_LEASE_CONTACTS", 20 if ROLE == "web" else 0),
    "ALLOW_CLIENT_CLOCK": env.bool("LAUNCHOPT_ALLOW_CLIENT_CLOCK", False),
}

# To stderr, so that `--json` has standard output to itself.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LAUNCHOPT_LOG_LEVEL", "WARNING")},
    "loggers": {
        "launchopt": {"level": env.str("LAUNCHOPT_LOG_LEVEL", "INFO")},
        "django": {"handlers": [], "level": "WARNING"},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
