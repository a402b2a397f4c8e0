"""A key that is revoked or moved to another group moves the revision, under which keys are kept."""

from django.db import migrations

WATCH = """
    CREATE TRIGGER launchopt_revise
    AFTER DELETE OR TRUNCATE OR UPDATE OF hash, revoked_at, group_id ON launchopt_operations_apikey
    FOR EACH STATEMENT EXECUTE FUNCTION launchopt_campaigns_revise();
"""
FORGET = "DROP TRIGGER launchopt_revise ON launchopt_operations_apikey"


class Migration(migrations.Migration):
    dependencies = [
        ("launchopt_campaigns", "0016_leases"),
        ("launchopt_operations", "0001_initial"),
    ]

    operations = [migrations.RunSQL(WATCH, FORGET)]
