from django.db import migrations

from accounts.append_only import CHANGE, SNAPSHOT, install, remove

GUARDS = (CHANGE, SNAPSHOT,)


def forwards(apps, schema_editor):
    for guard in GUARDS:
        install(schema_editor.connection, guard)


def backwards(apps, schema_editor):
    for guard in GUARDS:
        remove(schema_editor.connection, guard)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
