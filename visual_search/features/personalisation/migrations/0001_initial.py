from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ItemVector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("collection", models.CharField(max_length=64)),
                ("object_id", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=40)),
                ("version", models.BigIntegerField()),
                ("category", models.CharField(blank=True, max_length=500)),
                ("vector", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_item_vector"),
                ],
            },
        ),
    ]
