"""Asynchronous invocations of functions that are being updated."""

import logging
import time

from localstack.services.lambda_.invocation import event_manager

LOG = logging.getLogger(__name__)


class Poller(event_manager.Poller):
    """Hands back the events that it receives after its function was updated.

    The poller of the old version waits for events a little longer than it is
    in charge. LocalStack's drops what it receives by then, and Lambda loses
    nothing.
    """

    def run(self, *args, **kwargs):
        client = event_manager.get_sqs_client(self.version_manager.function_version, client_config=event_manager.CLIENT_CONFIG)
        hidden = self.version_manager.function_version.config.timeout + 60
        while not self._shutdown_event.is_set():
            try:
                answer = client.receive_message(QueueUrl=self.event_queue_url, WaitTimeSeconds=2, MaxNumberOfMessages=10, VisibilityTimeout=hidden)
                for message in answer.get("Messages") or []:
                    self._take(client, message)
            except Exception as e:
                if self._shutdown_event.is_set():
                    return  # the queue goes with its function
                LOG.error("receiving events of %s: %s", self.version_manager.function_version.qualified_arn, e)
                time.sleep(1)

    def _take(self, client, message):
        if self._shutdown_event.is_set():
            client.send_message(QueueUrl=self.event_queue_url, MessageBody=message["Body"])
            client.delete_message(QueueUrl=self.event_queue_url, ReceiptHandle=message["ReceiptHandle"])
        else:
            self.invoker_pool.submit(self.handle_message, message)


def install():
    """Makes LocalStack use it."""
    event_manager.Poller = Poller
