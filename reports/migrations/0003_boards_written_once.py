from django.db import migrations

from accounts.append_only import BOARD, install, remove


def forwards(apps, schema_editor):
    install(schema_editor.connection, BOARD)


def backwards(apps, schema_editor):
    remove(schema_editor.connection, BOARD)


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_boards")]
    operations = [migrations.RunPython(forwards, backwards)]
