"""Every setting: its type, its default and one sentence. Nothing else reads settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


def _setting(default: Any, doc: str) -> Any:
    metadata = {"doc": doc, "default": default}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


ROLES = ("creatives", "lists")
WRITERS = ("phrasebook", "transformers", "openai")


@dataclass(frozen=True)
class Settings:
    """The values of the host's `LAUNCHOPT` dictionary, by lower-case name."""

    currency: str = _setting("USD", "ISO 4217 code of prices and budgets that name none.")
    time_zone: str = _setting(
        "UTC", "IANA zone of the shop: of customers without one, and of day and hour in plans."
    )
    language: str = _setting("en", "Language of products that name none: en or zh-Hans.")
    brand_facts: tuple[str, ...] = _setting(
        (), "Approved sentences about the shop that copy may state, such as delivery terms."
    )
    forbidden_terms: tuple[str, ...] = _setting(
        (), "Words that no creative may use, beyond those that advertising law forbids."
    )
    required_terms: tuple[str, ...] = _setting((), "Words that every creative must use.")
    tone: str = _setting("warm", "How copy sounds: plain, warm or lively; it is checked too.")
    reading_level: int = _setting(
        12, "School grade above which a sentence of copy is refused as too hard; 0: any."
    )
    allow_emojis: bool = _setting(True, "Let copy use emojis, as many as its channel bears.")
    writers: Mapping[str, str] = _setting(
        {},
        "Who writes, by role: phrasebook (the default), transformers or openai. Roles: `creatives` "
        "(the words of launches) and `lists` (reasons and themes of recommendations).",
    )
    copy_candidates: int = _setting(
        3, "Creatives written for each audience, persona, channel, language and variant."
    )
    copy_languages: tuple[str, ...] = _setting(
        (), "Languages in which creatives are written beside that of the product: en, zh-Hans."
    )
    copy_personas: int = _setting(
        2, "Personas of an audience, the most frequent first, that get words of their own; 0: none."
    )
    copy_model: str = _setting(
        "", "Name or path of the instruction-tuned causal model that `transformers` writes with."
    )
    copy_voices: Mapping[str, str] = _setting(
        {},
        "Brand voices by name: the folder of each one's LoRA adapter, beside those learned here.",
    )
    copy_voice: str = _setting("", "The brand voice in use; empty: the model's own.")
    copy_server: str = _setting(
        "", "Address of the OpenAI-compatible server, up to and with /v1, that `openai` asks."
    )
    copy_server_model: str = _setting("", "The model that the server is asked for.")
    copy_server_key: str = _setting("", "The key that the server wants; it is never logged.")
    copy_server_seconds: float = _setting(30.0, "Seconds to wait for one answer of the server.")
    copy_server_retries: int = _setting(3, "Times that a request is repeated after a fault.")
    copy_token_budget: int = _setting(
        500_000, "Tokens that one run may use at the server; then the phrasebook goes on."
    )
    copy_money_budget: float = _setting(
        5.0, "Money that one run may spend at the server, in the currency of its prices."
    )
    copy_tokens_a_day: int = _setting(
        2_000_000, "Tokens that all runs of a day (UTC) may use at the server together."
    )
    copy_money_a_day: float = _setting(
        20.0, "Money that all runs of a day (UTC) may spend at the server together."
    )
    copy_tokens_a_month: int = _setting(
        20_000_000, "Tokens that all runs of a month may use at the server together."
    )
    copy_money_a_month: float = _setting(
        200.0, "Money that all runs of a month may spend at the server together."
    )
    copy_token_prices: tuple[float, float] = _setting(
        (0.0, 0.0), "Price of a million tokens read and of a million written."
    )
    allow_client_clock: bool = _setting(
        False,
        "Let decisions and launch actions bring their own clock (`at`): for simulations only.",
    )
    holdout: float = _setting(
        0.1, "Share of an audience that a launch leaves alone to measure what it caused."
    )
    global_holdout: float = _setting(
        0.0,
        "Share of all customers whom no launch contacts, to measure what all launches cause.",
    )
    contact_cap: int = _setting(
        3, "Contacts a customer gets at most in any window, over all launches and channels."
    )
    contact_window_hours: int = _setting(
        24, "Length in hours of the rolling window that the contact cap counts in."
    )
    quiet_hours: tuple[int, int] = _setting(
        (21, 8),
        "Local hours (from, to) in which outbound channels (email, sms, webhook) contact nobody.",
    )
    channels: Mapping[str, str] = _setting(
        {},
        "Channels of the shop's own: name -> dotted path of a subclass of "
        "launchopt.campaigns.channels.Channel.",
    )
    customer_of_request: str = _setting(
        "",
        "Dotted path of a function that gives the shop's id of who made a request; by default the "
        "primary key of who is logged in, else the visitor of VisitorMiddleware.",
    )
    email_from: str = _setting(
        "", "Sender of the e-mails of launches; while it is empty, LaunchOpt sends none itself."
    )
    site_url: str = _setting(
        "", "Where the shop's pages stand, such as https://shop.example: links in e-mails need it."
    )
    alert_emails: tuple[str, ...] = _setting(
        (), "Addresses of the people of the shop who are told of alerts by e-mail; empty: nobody."
    )
    best_hour_wait: int = _setting(
        24, "Hours that a message waits at most for its customer's best hour; 0: it never waits."
    )
    webhook_secret: str = _setting(
        "", "Shared with the mail provider, which signs its reports of bounces and complaints."
    )
    webhook_networks: tuple[str, ...] = _setting(
        (),
        "Networks beyond the public internet that webhooks may go to, such as 10.1.0.0/16: for "
        "receivers of the shop's own.",
    )
    webhook_allow_http: bool = _setting(
        False, "Let webhooks go out unencrypted, by http; inside a network of the shop's own only."
    )
    webhook_seconds: float = _setting(10.0, "Seconds that a webhook may take in all.")
    webhook_attempts: int = _setting(
        12, "Times that a webhook is tried, with longer and longer pauses, before it is given up."
    )
    webhook_off_days: int = _setting(
        5, "Days without a single success after which an endpoint of webhooks is switched off."
    )
    webhook_kept_days: int = _setting(
        30, "Days that webhooks are kept after they arrived or were given up."
    )
    reservation_minutes: int = _setting(
        30, "Minutes after which a decision to show lapses if no exposure confirmed it."
    )
    click_attribution_days: int = _setting(
        7, "Days in which a purchase after a click counts for its decision."
    )
    view_attribution_days: int = _setting(
        1, "Days in which a purchase after an exposure counts for its decision."
    )
    late_event_days: int = _setting(
        30, "Days after which an event that arrives late no longer reopens rollups."
    )
    event_batch_limit: int = _setting(1000, "Events or decisions taken in one request.")
    text_limit: int = _setting(
        20_000, "Characters of a product's title and description together; more is refused."
    )
    horizon_days: int = _setting(
        30, "Days in which interest predicts a purchase, unless a command says otherwise."
    )
    scoring_shard: int = _setting(
        25_000,
        "Customers scored in one piece: larger shops are shared out among the workers at hand.",
    )
    use_demographics: bool = _setting(
        False, "Let declared age and gender help to tell segments apart; off, they never do."
    )
    drift_score_index: float = _setting(
        0.25,
        "Population stability index of recent scores beyond which an alert opens; chance between "
        "few products is allowed for.",
    )
    drift_buyers_factor: float = _setting(
        2.0,
        "How many times as many, or as few, buyers as predicted recent launches must bring before "
        "an alert opens; seasons of the shop's own are allowed for.",
    )
    tracking_folder: str = _setting(
        "", "Folder for TensorBoard files of each training of the interest model; empty: none."
    )
    tracking_project: str = _setting(
        "",
        "Project at Weights & Biases that trainings are told to, where the package wandb is "
        "installed; empty: none.",
    )
    kept_candidates: int = _setting(
        5, "Candidates of the interest model, the newest, whose files are kept after a training."
    )
    encoder: str = _setting(
        "all-MiniLM-L6-v2",
        "Text encoder: the packaged all-MiniLM-L6-v2, or the path of another transformers encoder.",
    )
    exploration_floor: float = _setting(
        0.05, "Smallest share that Thompson sampling leaves to any variant in service."
    )
    revenue_guardrail: float = _setting(
        0.05,
        "Share of the shop's revenue per customer that no launch may cost: the guardrail of its "
        "experiment; 0 for none.",
    )
    lease_contacts: int = _setting(
        0,
        "Contacts whose money a campaign lends to a process that decides, so that several of them "
        "do not wait for its row; 0 lends nothing.",
    )
    silence_one_in: int = _setting(
        1,
        "Of the decisions that show nothing, one in so many is stored, and counts for as many; "
        "those of customers held out are stored always.",
    )
    recommendations_kept: int = _setting(20, "Recommendations stored for each customer.")
    recommendation_exploration: float = _setting(
        0.2,
        "Share of a list's places for new products drawn by chance, with a logged propensity;"
        " 0 leaves them to their score.",
    )
    page_size: int = _setting(50, "Rows on a page of the REST API.")
    heartbeat_seconds: int = _setting(10, "Seconds between two signs of life of a run or worker.")
    run_lost_seconds: int = _setting(
        60, "Silence in seconds after which a run is taken from its worker and sent again."
    )
    event_retention_days: int = _setting(
        1095, "Days that events are kept; older partitions are dropped by the operator's command."
    )


def documented() -> list[tuple[str, str, Any, str]]:
    """The rows of the settings reference: name, type, default, sentence."""
    return [
        (f.name.upper(), str(f.type), f.metadata["default"], f.metadata["doc"])
        for f in fields(Settings)
    ]


def known_names() -> set[str]:
    """The names a host may use in its `LAUNCHOPT` dictionary."""
    return {f.name.upper() for f in fields(Settings)}


def given() -> Mapping[str, Any]:
    """The host's own `LAUNCHOPT` dictionary, as it stands."""
    return getattr(settings, "LAUNCHOPT", {})


@cache
def launchopt_settings() -> Settings:
    """The settings in force. Unknown names are reported by the system check and ignored here."""
    return Settings(
        **{name.lower(): value for name, value in given().items() if name in known_names()}
    )


def _forget(*, setting: str, **_: object) -> None:
    if setting == "LAUNCHOPT":
        launchopt_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="launchopt.conf")
