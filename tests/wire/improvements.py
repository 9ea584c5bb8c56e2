"""What differs on purpose, by the names that the README gives it, and the setting that switches each back."""

SWITCHES = {
    "form_as_text": {"MLDEPLOY_FORM_AS_TEXT": "false"},
    "json_errors_400": {"MLDEPLOY_JSON_ERRORS_400": "false"},
    "gzip_bodies": {"MLDEPLOY_GZIP_BODIES": "false"},
    "allow_header": {"MLDEPLOY_ALLOW_HEADER": "false"},
    "keep_alive": {"MLDEPLOY_KEEP_ALIVE": "false"},
    "cors_needs_origin": {"MLDEPLOY_CORS_NEEDS_ORIGIN": "false"},
    "register_module": {"MLDEPLOY_REGISTER_MODULE": "false"},
}
# Not switched: the alternative is a page of HTML, or a worker that is lost.
FIXED = {"exits_are_answered"}
