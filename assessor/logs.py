"""Keeps secrets that travel in an address out of every log line."""

import logging
import re

SECRET_PATHS = re.compile(r"(/(?:s|setup|invitations|accounts/password/reset/key)/)[A-Za-z0-9_\-]{8,}")

API_TOKENS = re.compile(r"pf_[A-Za-z0-9_\-]{8,}")


class HideTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = API_TOKENS.sub("pf_[hidden]", SECRET_PATHS.sub(r"\1[hidden]", message))
        if hidden != message:
            record.msg, record.args = hidden, None
        return True
