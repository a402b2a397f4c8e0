"""The host's addresses, with LaunchOpt under a prefix and a namespace of the host's choice."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("back-office/", admin.site.urls),
    path("odd/prefix-1/", include("launchopt.urls", namespace="promotions")),
]
