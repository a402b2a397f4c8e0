"""Every address of LaunchOpt: include it under any prefix and namespace."""

from django.urls import include, path

from launchopt.campaigns.onsite import views as onsite
from launchopt.operations.api.health import healthz, readyz
from launchopt.operations.api.schema import SchemaView

app_name = "launchopt"

api = [
    path("", include("launchopt.campaigns.api.urls")),  # first: no page of a shop waits for others
    path("", include("launchopt.operations.api.urls")),
    path("", include("launchopt.catalog.api.urls")),
    path("", include("launchopt.audiences.api.urls")),
    path("", include("launchopt.experiments.api.urls")),
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/v1/", include(api)),
    path("on/e/<str:token>.gif", onsite.exposure, name="exposure"),
    path("on/c/<str:token>/", onsite.click, name="click"),
    path("on/o/<str:token>.gif", onsite.opened, name="open"),
    path("on/u/<str:token>/", onsite.unsubscribe, name="unsubscribe"),
    path("on/mail/reports/", onsite.mail_reports, name="mail-reports"),
    path("on/placements/<slug:name>/", onsite.placement, name="placement"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
]
