from django.db import models


class Row(models.Model):
    """One answer, with nothing around it."""

    client = models.IntegerField()
    question = models.CharField(max_length=80)
    level = models.IntegerField()
    note = models.TextField(blank=True)

    class Meta:
        app_label = "floor"
        constraints = (models.UniqueConstraint(fields=("client", "question"), name="one_row"),)

    def __str__(self) -> str:
        return self.question
