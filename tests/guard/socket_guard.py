"""The guard of ``sitecustomize`` in the tests' own process, what it wrote down, and an environment that tempts."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAQ3EGREALLOOKING7",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYREALLOOKINGKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjREALLOOKING",
}
TEMPTING = {
    "AWS_PROFILE": "prod",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "https://aws.proxy.corp.example",
    "AWS_ENDPOINT_URL_BEDROCK": "https://bedrock.proxy.corp.example",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/token",
    "AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/prod",
    "HTTPS_PROXY": "http://proxy.corp.example:3128",
}
"""What a laptop or a pipeline of a real account has set; in a sandbox none of it may lead anywhere."""
CONFIG = """\
[profile prod]
sso_session = corp
sso_account_id = 210987654321
sso_role_name = Admin
region = eu-central-1
endpoint_url = https://aws.proxy.corp.example
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-central-1
"""


def install() -> Path:
    """Guard this process and every Python it will start; the file in which attempts are written down."""
    handle, told = tempfile.mkstemp(prefix="reached-")
    os.close(handle)
    os.environ["SOCKET_GUARD"] = told
    paths = os.environ.get("PYTHONPATH")
    if str(HERE) not in (paths or "").split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE), paths)))
        from guard_hook import install_here

        install_here()
    return Path(told)


def tempting(home: Path) -> dict[str, str]:
    """An environment full of ways out, with an SSO profile in the home's own AWS config."""
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(CONFIG)
    return SECRETS | TEMPTING
