"""A revision that changes whenever anything changes that decisions go by and that seldom changes.

Web processes keep launches, campaigns, words and weights, and read the revision with each decision.
Tokens come from a sequence, so that one seen in a transaction that is rolled back never returns.
Whoever changes something takes any slot that is free: nobody waits for an import that is at work.
"""

from django.db import migrations

SLOTS = 8
REVISE = f"""
    CREATE SEQUENCE launchopt_campaigns_revision_token;
    CREATE TABLE launchopt_campaigns_revision (
        slot smallint PRIMARY KEY,
        token bigint NOT NULL DEFAULT nextval('launchopt_campaigns_revision_token')
    ) WITH (fillfactor = 50);
    INSERT INTO launchopt_campaigns_revision (slot) SELECT generate_series(1, {SLOTS});
    CREATE FUNCTION launchopt_campaigns_revise() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE launchopt_campaigns_revision
        SET token = nextval('launchopt_campaigns_revision_token')
        WHERE slot = coalesce((
            SELECT slot FROM launchopt_campaigns_revision
            ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED
        ), 1);
        RETURN NULL;
    END $$;
"""
# What pacing and clocks write every few minutes is read with each decision, and revises nothing.
WATCHED = {
    "launchopt_campaigns_launch": "UPDATE OF status, starts_at, ends_at, cap_contacts, "
    "cap_window_hours, plan, product_id, experiment_id, is_simulated",
    "launchopt_campaigns_campaign": "UPDATE OF launch_id, channel, audience_id, cost_per_contact, "
    "is_active",
    "launchopt_campaigns_creative": "UPDATE",
    "launchopt_campaigns_placement": "UPDATE",
    "launchopt_experiments_experiment": "UPDATE",
    "launchopt_experiments_phase": "UPDATE",
    "launchopt_experiments_variant": "UPDATE",
    "launchopt_catalog_product": "UPDATE",
    "launchopt_catalog_category": "UPDATE",
}
FORGET = """
    DROP FUNCTION launchopt_campaigns_revise() CASCADE;
    DROP TABLE launchopt_campaigns_revision;
    DROP SEQUENCE launchopt_campaigns_revision_token;
"""


def _watch(table: str, updates: str) -> str:
    return f"""
        CREATE TRIGGER launchopt_revise
        AFTER INSERT OR DELETE OR TRUNCATE OR {updates} ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION launchopt_campaigns_revise();
    """


class Migration(migrations.Migration):
    dependencies = [
        ("launchopt_campaigns", "0007_creative_makers_and_click_rates"),
        ("launchopt_experiments", "0005_moments_and_first_exposure"),
        ("launchopt_catalog", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            [REVISE, *(_watch(table, updates) for table, updates in WATCHED.items())], FORGET
        )
    ]
