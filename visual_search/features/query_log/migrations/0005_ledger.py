import django.db.models.deletion
from django.db import migrations, models


def carry_over(apps, schema_editor):
    """Each list that was made has an entry of the ledger now; until here all lists were of texts."""
    old, entry, release = (
        apps.get_model("visual_search_query_log", name) for name in ("FormerRelease", "LedgerEntry", "PublicRelease")
    )
    alias = schema_editor.connection.alias
    for former in old.objects.using(alias).order_by("window"):
        paid = entry.objects.using(alias).create(
            window=former.window,
            window_days=former.window_days,
            name="texts",
            epsilon=former.epsilon,
            delta=former.delta,
            per_client=former.per_client,
        )
        entry.objects.using(alias).filter(pk=paid.pk).update(made_at=former.made_at)
        release.objects.using(alias).create(
            entry=paid, readable_from=former.readable_from, threshold=former.threshold, counts=former.counts
        )


def carry_back(apps, schema_editor):
    """Lists of texts alone can be carried back; without their entries the others are nothing."""
    old, release = (apps.get_model("visual_search_query_log", name) for name in ("FormerRelease", "PublicRelease"))
    alias = schema_editor.connection.alias
    for made in release.objects.using(alias).filter(entry__name="texts").select_related("entry"):
        paid = made.entry
        old.objects.using(alias).create(
            window=paid.window,
            window_days=paid.window_days,
            epsilon=paid.epsilon,
            delta=paid.delta,
            per_client=paid.per_client,
            readable_from=made.readable_from,
            threshold=made.threshold,
            counts=made.counts,
        )


class Migration(migrations.Migration):
    dependencies = [("visual_search_query_log", "0004_weeks")]

    operations = [
        migrations.CreateModel(
            "WindowTally",
            [
                ("window", models.IntegerField(primary_key=True, serialize=False)),
                ("closed", models.BinaryField(default=b"")),
            ],
        ),
        migrations.CreateModel(
            "LedgerEntry",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("window", models.IntegerField()),
                ("window_days", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=20)),
                ("epsilon", models.CharField(max_length=30)),
                ("delta", models.CharField(max_length=40)),
                ("per_client", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name_plural": "ledger of public lists"},
        ),
        migrations.AddConstraint(
            "LedgerEntry",
            models.UniqueConstraint(fields=["window", "name"], name="visual_search_query_log_list_once"),
        ),
        migrations.RenameModel("PublicRelease", "FormerRelease"),
        migrations.CreateModel(
            "PublicRelease",
            [
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="release",
                        serialize=False,
                        to="visual_search_query_log.ledgerentry",
                    ),
                ),
                ("readable_from", models.PositiveSmallIntegerField(null=True)),
                ("threshold", models.PositiveIntegerField(null=True)),
                ("counts", models.JSONField()),
            ],
        ),
        migrations.RunPython(carry_over, carry_back),
        migrations.DeleteModel("FormerRelease"),
    ]
