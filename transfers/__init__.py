"""Projects and whole organisations as files, and back. docs/export.md describes the files field by field.

`exporting.export_project` makes the document of a project, `reading.read_project_file` checks one that came from
anywhere, `importing.import_project` stores it; `archives` does the same with a ZIP file of a whole organisation.
"""
