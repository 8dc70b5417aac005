"""What LocalStack loads: hooks and the providers of services.

LocalStack imports this module early, so everything heavy is imported where it
is used.
"""

import functools
import os
import resource
import types

from localstack import config
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.plugins import Service, aws_provider


@functools.cache
def _changes():
    """Route 53's changes: the service writes them, the routes read them."""
    from fargatedirect_localstack.changes import Changes

    return Changes(delay=float(os.environ.get("FARGATEDIRECT_ROUTE53_DELAY_MS", "200")) / 1000)


@functools.cache
def _faults():
    """The faults of ECS: the routes set them, the service obeys them."""
    from fargatedirect_localstack.taskevents import Faults

    return Faults()


@functools.cache
def _steps():
    """The pace of ECS's tasks: the routes set it, the service obeys it."""
    from fargatedirect_localstack.tasksteps import Steps

    return Steps()


@functools.cache
def _failures():
    """The failures on request: the routes set them, each call may meet one."""
    from fargatedirect_localstack.failures import Failures

    return Failures()


@hooks.on_infra_start()
def start():
    """Adds our routes and checks before the gateway listens."""
    from localstack.aws import handlers

    from fargatedirect_localstack.control import Control

    _allow_many_files()
    _listen_on_loopback()
    Control(_changes(), _faults(), _steps(), _failures(), _events).add_routes()
    handlers.serve_custom_service_request_handlers.append(_failures().before)
    handlers.serve_custom_service_request_handlers.append(_check_permissions)
    handlers.run_custom_response_handlers.append(_failures().after)


def _allow_many_files():
    """Raises the limit of open files. A shell's usual 1024 do not suffice for
    the connections of many tests at a time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen_on_loopback():
    """Makes the gateway listen on the host of GATEWAY_LISTEN only. LocalStack
    reads just the port from it and listens on all addresses."""
    from localstack.runtime.server import twisted as server
    from twisted.internet import endpoints

    host = config.GATEWAY_LISTEN[0].host
    server.endpoints = types.SimpleNamespace(
        TCP4ServerEndpoint=functools.partial(endpoints.TCP4ServerEndpoint, interface=host),
        TCP6ServerEndpoint=endpoints.TCP6ServerEndpoint,
    )


def _check_permissions(chain, context, response):
    """Checks a request against IAM policies. What needs no check, such as all
    calls with ordinary credentials, does not load IAM."""
    issued = any(f"Credential={prefix}" in context.request.headers.get("Authorization", "") for prefix in ("ASIA", "LSIA", "AKIA", "LKIA"))
    acting = (context.internal_request_params or {}).get("service_principal")
    if context.operation is not None and (issued or acting):
        _checks()(context)


@functools.cache
def _checks():
    from fargatedirect_localstack import iam

    return iam.check


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Selected by LAMBDA_RUNTIME_EXECUTOR=process."""

    name = "process"

    def load(self, *args, **kwargs):
        from fargatedirect_localstack import asyncevents
        from fargatedirect_localstack.executor import ProcessExecutor

        asyncevents.install()
        return ProcessExecutor


@aws_provider(name="fargatedirect")
def iam() -> Service:
    """AWS IAM, with simulations that judge as our checks do."""
    from localstack.services.iam.provider import IamProvider
    from localstack.services.moto import MotoFallbackDispatcher

    from fargatedirect_localstack.simulations import Simulator

    provider = IamProvider()
    provider.policy_simulator = Simulator()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider()
def ecs() -> Service:
    """Amazon ECS, which LocalStack's free edition lacks."""
    from fargatedirect_localstack.ecs import service

    return service(_faults(), _steps())


@aws_provider(name="fargatedirect")
def cloudwatch() -> Service:
    """LocalStack's own CloudWatch, but for what there is not."""
    from fargatedirect_localstack.cloudwatch import StrictCloudwatch

    return Service.for_provider(StrictCloudwatch())


@functools.cache
def _events():
    """EventBridge: the service asks it, a route makes its schedules come."""
    from fargatedirect_localstack.events import StrictEvents

    return StrictEvents()


@aws_provider(name="fargatedirect")
def events() -> Service:
    """LocalStack's own EventBridge, but for disabled rules."""
    return Service.for_provider(_events())


@aws_provider(name="fargatedirect")
def sns() -> Service:
    """LocalStack's own SNS, but for e-mail subscriptions."""
    from fargatedirect_localstack.smallfixes import StrictSns

    return Service.for_provider(StrictSns())


@aws_provider(name="fargatedirect")
def sqs() -> Service:
    """LocalStack's own SQS, but for delays and metrics."""
    from fargatedirect_localstack import queues

    return Service.for_provider(queues.service())


@aws_provider(name="fargatedirect")
def route53() -> Service:
    """Amazon Route 53 with record sets of our own."""
    from fargatedirect_localstack.route53 import service

    return service(_changes())


@aws_provider(name="fargatedirect")
def s3() -> Service:
    """LocalStack's own S3, but with a folder for each instance.

    LocalStack keeps objects in one fixed folder, which two instances on one
    machine would share (and empty for each other).
    """
    from localstack.services.s3 import provider

    provider.DEFAULT_S3_TMP_DIR = os.path.join(config.dirs.tmp, "s3")
    return Service.for_provider(provider.S3Provider())
