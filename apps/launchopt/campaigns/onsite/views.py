"""The addresses that pages of the shop call: what to show, that it was seen, or clicked."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from launchopt.campaigns.mailing.reports import check_signature, record_reports
from launchopt.campaigns.models import Decision
from launchopt.campaigns.onsite.answers import decision_shown, record_answer
from launchopt.campaigns.onsite.links import CLICK, EXPOSURE, OPEN, UNSUBSCRIBE, decision_of
from launchopt.campaigns.onsite.placements import show
from launchopt.campaigns.onsite.visitors import is_robot
from launchopt.operations.api.errors import PROBLEM, problem_body
from launchopt.operations.errors import InvalidInput, LaunchOptError

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
LONGEST_BODY = 8_000
View = Callable[..., HttpResponse]


def names_errors(view: View) -> View:
    """An error of the suite becomes an answer in the shape that the API's errors have."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except LaunchOptError as error:
            body = problem_body(error.status, error.title, error.detail)
            return JsonResponse(body, status=error.status, content_type=PROBLEM)

    return answered


@never_cache
@require_GET
@names_errors
def exposure(request: HttpRequest, token: str) -> HttpResponse:
    """A page showed it: an invisible picture whose address we signed."""
    return _pixel(request, token, kind=EXPOSURE)


@never_cache
@require_GET
@names_errors
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """A message was opened, by a reader that loads pictures."""
    return _pixel(request, token, kind=OPEN)


def _pixel(request: HttpRequest, token: str, *, kind: str) -> HttpResponse:
    decision = decision_shown(decision_of(token, kind=kind))
    if not is_robot(request):
        record_answer(decision, kind=kind, now=timezone.now())
    return HttpResponse(PIXEL, content_type="image/gif")


@never_cache
@require_GET
@names_errors
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody clicked it: note that, and go to the product's page, which the shop has named."""
    decision = decision_shown(decision_of(token, kind=CLICK))
    if not is_robot(request):
        record_answer(decision, kind=CLICK, now=timezone.now())
    assert decision.launch is not None, "a decision that showed something has a launch"
    return HttpResponseRedirect(_tagged(_safe(decision.launch.product.url), decision))


@never_cache
@csrf_exempt  # a mail program calls it (RFC 8058); the signed address is the proof
@require_http_methods(["GET", "POST"])
@names_errors
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and with one click more, or a mail program's own, send no more."""
    decision = decision_shown(decision_of(token, kind=UNSUBSCRIBE))
    if request.method == "POST":
        record_answer(decision, kind=UNSUBSCRIBE, now=timezone.now())
    return render(request, "launchopt/unsubscribe.html", {"is_done": request.method == "POST"})


@csrf_exempt  # a provider calls it; the signature over the body is the proof
@require_POST
@names_errors
def mail_reports(request: HttpRequest) -> HttpResponse:
    """What a mail provider tells of messages, signed with the shared secret."""
    check_signature(request.body, given=request.headers.get("X-LaunchOpt-Signature", ""))
    told = _json_of(request.body)
    reports = told.get("reports") if isinstance(told, dict) else None
    return JsonResponse(record_reports(reports or [], now=timezone.now()), status=202)


@never_cache
@csrf_exempt  # a JSON body makes a browser ask first, and the cookie does not travel between sites
@require_POST
@names_errors
def placement(request: HttpRequest, name: str) -> HttpResponse:
    """What a placement shows to this browser, for pages that are cached or built by script.

    The answer is `{"shown": {...}}`, or `{"shown": null}` for silence.
    """
    shown = show(request, placement=name, now=timezone.now(), context=_context(request))
    return JsonResponse({"shown": shown.as_dict() if shown else None})


def _context(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise InvalidInput("Send JSON, such as {}.")
    if len(request.body) > LONGEST_BODY:
        raise InvalidInput(f"The context is an object of up to {LONGEST_BODY} characters.")
    context = _json_of(request.body or b"{}")
    if not isinstance(context, dict) or "\\u0000" in json.dumps(context):
        raise InvalidInput("The context is an object of names and values.")
    return context


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise InvalidInput("The body is no JSON.") from None


def _tagged(url: str, decision: Decision) -> str:
    """With the tags that the shop's own statistics read."""
    parts = urlsplit(url)
    tags = {
        "utm_source": "launchopt",
        "utm_medium": decision.channel,
        "utm_campaign": str(decision.launch_id),
    }
    query = "&".join(filter(None, [parts.query, urlencode(tags)]))
    return urlunsplit(parts._replace(query=query))


def _safe(url: str) -> str:
    """An address that is a page and no script; the shop's first page where there is none."""
    _, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return url if url and url_has_allowed_host_and_scheme(url, allowed_hosts={host}) else "/"
