"""What the host adds to the settings that `startproject` wrote."""

import os

from shop.settings_of_startproject import *  # noqa: F403
from shop.settings_of_startproject import INSTALLED_APPS

ALLOWED_HOSTS = ["testserver"]
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    *INSTALLED_APPS,
    "catalog",
    "apps.people",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_celery_beat",
    "launchopt",
    "launchopt.operations",
    "launchopt.catalog",
    "launchopt.audiences",
    "launchopt.experiments",
    "launchopt.campaigns",
]
if os.environ.get("HOST_IS_WORKER"):
    INSTALLED_APPS.append("launchopt_workers")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["HOST_DATABASE_NAME"],
        "HOST": os.environ["HOST_DATABASE_HOST"],
        "USER": os.environ["HOST_DATABASE_USER"],
        "PASSWORD": os.environ.get("HOST_DATABASE_PASSWORD", ""),
        "PORT": os.environ.get("HOST_DATABASE_PORT", ""),
    }
}
CELERY_BROKER_URL = os.environ["HOST_BROKER_URL"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["HOST_CACHE_URL"],
        "KEY_PREFIX": "host",
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["shop.hostile.Authentication"],
    "DEFAULT_PERMISSION_CLASSES": ["shop.hostile.Permission"],
    "DEFAULT_RENDERER_CLASSES": ["shop.hostile.Renderer"],
    "DEFAULT_PAGINATION_CLASS": "shop.hostile.Pagination",
    "DEFAULT_THROTTLE_CLASSES": ["shop.hostile.Throttle"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
    "DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.HostNameVersioning",
    "EXCEPTION_HANDLER": "shop.hostile.exception_handler",
    "NON_FIELD_ERRORS_KEY": "host_errors",
    "COERCE_DECIMAL_TO_STRING": False,
    "PAGE_SIZE": 1,
}
