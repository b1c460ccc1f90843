import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('visual_search_personalisation', '0003_item_spread'),
    ]

    operations = [
        migrations.AddField(
            model_name='itemspread',
            name='stamp',
            field=models.UUIDField(default=uuid.uuid4),
        ),
    ]
