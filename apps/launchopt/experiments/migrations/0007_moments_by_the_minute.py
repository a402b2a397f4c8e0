"""Sufficient statistics by the minute; those of hours are forgotten and counted anew."""

from django.db import migrations, models


def count_anew(apps, schema_editor):
    """With the watermark at 0 the next tick counts everything."""
    MomentRollup = apps.get_model("launchopt_experiments", "MomentRollup")
    if not MomentRollup.objects.exists():
        return
    MomentRollup.objects.all().delete()
    JobClock = apps.get_model("launchopt_operations", "JobClock")
    JobClock.objects.filter(job="launchopt.rollups.roll_up_metrics").update(watermark=0)


class Migration(migrations.Migration):
    dependencies = [
        ("launchopt_operations", "0001_initial"),
        ("launchopt_experiments", "0006_weights_by_audience"),
    ]

    operations = [
        migrations.AlterField(
            model_name="momentrollup",
            name="starts_at",
            field=models.DateTimeField(help_text="First instant of the minute."),
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
