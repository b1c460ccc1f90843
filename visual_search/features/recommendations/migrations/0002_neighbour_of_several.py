from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("visual_search_recommendations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="neighbour",
            name="of_several",
            field=models.FloatField(null=True),
        ),
    ]
