from django.db import migrations, models


def rename(apps, schema_editor):
    """Questions without any hit were counted under another name; those that found nothing close weren't told apart."""
    counter = apps.get_model("visual_search_query_log", "Counter")
    counter.objects.using(schema_editor.connection.alias).filter(name="without_results").update(name="found.nothing")


class Migration(migrations.Migration):
    dependencies = [("visual_search_query_log", "0002_audit_and_report")]

    operations = [
        migrations.AddField("querycount", "nothing_close", models.PositiveIntegerField(default=0)),
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
