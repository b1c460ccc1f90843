from django.db import migrations

TEXTS = "texts"  # where a stored calibration keeps its scales of legs over texts


def renamed(old: str, new: str):
    """Stored scales under another name of their leg, so that nothing that a shop has learned is lost."""

    def change(apps, schema_editor):
        rows = apps.get_model("visual_search", "StoredCalibration").objects.using(schema_editor.connection.alias)
        for row in rows.iterator():
            scales = row.limits.get(TEXTS) if isinstance(row.limits, dict) else None
            if isinstance(scales, dict) and old in scales:
                scales[new] = scales.pop(old)
                row.save(update_fields=["limits"])

    return change


class Migration(migrations.Migration):
    dependencies = [("visual_search", "0004_maker_use")]
    operations = [migrations.RunPython(renamed("seen", "depicted"), renamed("depicted", "seen"))]
