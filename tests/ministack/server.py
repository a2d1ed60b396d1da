"""MiniStack 1.5.33 with what it gets wrong of our template put right. Takes the place of its command `ministack`."""

import functools
import random
import ssl
import string

from ministack import app
from ministack.core import iam_actions
from ministack.services import lambda_svc, sns
from ministack.services.cloudformation import provisioners


def replaces(module):
    """Puts a function in the place of a module's function of that name, which it is given first."""

    def decorate(function):
        original = getattr(module, function.__name__)
        setattr(module, function.__name__, functools.partial(function, original))

    return decorate


@replaces(lambda_svc)
def _sqs_esm_concurrency(original, mapping, *more):
    """A maximum that comes by a parameter comes as text, which would stop the polling of every queue."""
    scaling = {name: int(value) for name, value in mapping.get("ScalingConfig", {}).items()}
    return original(mapping | {"ScalingConfig": scaling}, *more)


@replaces(lambda_svc)
def _provided_worker_env(original, config, *more):
    """An endpoint in a function's own environment is heeded, as on Lambda: a test puts a proxy there."""
    own = (config.get("Environment") or {}).get("Variables") or {}
    endpoint = {name: value for name, value in own.items() if name == "AWS_ENDPOINT_URL"}
    return original(config, *more) | endpoint


@replaces(lambda_svc)
def invalidate_worker(original, name, qualifier=None, account=None, region=None):
    """Whoever deploys ends their own functions, and not those of that name in other accounts amid their work."""
    original(name, qualifier, account or lambda_svc.get_account_id(), region or lambda_svc.get_region())


@replaces(provisioners)
def _lambda_esm_update(original, physical_id, old, new, *more):
    """Numbers that come by a parameter come as text, which would stop the polling of a stream after an upgrade."""
    numbers = {name: int(new[name]) for name in ("BatchSize", "MaximumBatchingWindowInSeconds") if name in new}
    return original(physical_id, old, new | numbers, *more)


# The table of handlers holds the function itself.
provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["update"] = provisioners._lambda_esm_update


@replaces(iam_actions)
def extract_iam_action(original, *args):
    """Who may send a message may send several at once: SQS knows no action of its own for that."""
    action = original(*args)
    return "sqs:SendMessage" if action == "sqs:SendMessageBatch" else action


@replaces(provisioners)
def _cw_metric_alarm_record(original, name, props):
    """An alarm on an expression is taken as one on the expression's first metric, instead of failing the stack."""
    if "Metrics" in props:
        measured = next(each["MetricStat"] for each in props["Metrics"] if "MetricStat" in each)
        props = props | measured["Metric"] | {"Statistic": measured["Stat"], "Period": measured["Period"], "Metrics": []}
    return original(name, props)


@replaces(provisioners)
def _sm_secret_string(original, props):
    """`ExcludePunctuation` is heeded."""
    wanted = props.get("GenerateSecretString") or {}
    if wanted.get("ExcludePunctuation") not in (True, "true"):
        return original(props)
    return "".join(random.choices(string.ascii_letters + string.digits, k=int(wanted["PasswordLength"])))


# Webhooks of the tests have certificates of their own making.
ssl._create_default_https_context = ssl._create_unverified_context


@replaces(sns)
async def handle_request(original, method, path, headers, body, query_params):
    """Nobody has opted out of text messages; the question is not known here."""
    if b"Action=CheckIfPhoneNumberIsOptedOut&" not in body:
        return await original(method, path, headers, body, query_params)
    answer = "<CheckIfPhoneNumberIsOptedOutResult><isOptedOut>false</isOptedOut></CheckIfPhoneNumberIsOptedOutResult>"
    return sns._xml(200, "CheckIfPhoneNumberIsOptedOutResponse", answer)


@replaces(app)
def pin_request_origin(original, source_ip, _):
    """Every call counts as one over TLS, which our queues and buckets ask for and this server does not speak."""
    original(source_ip, True)


app.main()
