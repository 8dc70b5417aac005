"""LocalStack's own SQS, where it forgives more than AWS does or is too slow."""

from localstack.services.sqs import provider
from localstack.services.sqs.exceptions import InvalidParameterValueException

MAX_DELAY = 900


class StrictSqs(provider.SqsProvider):
    """SQS that refuses delays that AWS refuses."""

    def _put_message(self, queue, context, message_body, delay_seconds=None, *args, **kwargs):
        if delay_seconds is not None and not 0 <= delay_seconds <= MAX_DELAY:
            raise InvalidParameterValueException(
                f"Value {delay_seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= {MAX_DELAY}."
            )
        return super()._put_message(queue, context, message_body, delay_seconds, *args, **kwargs)


def service() -> StrictSqs:
    """SQS without the two metrics that it puts for each message, which take
    longer than the message. The lengths of queues are still measured once a
    minute."""
    provider.CloudwatchDispatcher.dispatch_sqs_metric = lambda *args, **kwargs: None
    return StrictSqs()
