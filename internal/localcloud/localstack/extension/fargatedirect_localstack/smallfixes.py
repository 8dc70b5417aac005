"""Small differences between LocalStack's services and AWS's."""

from localstack.services.sns.models import sns_stores
from localstack.services.sns.provider import SnsProvider

_EMAIL = ("email", "email-json")


class StrictSns(SnsProvider):
    """SNS whose e-mail subscriptions wait for a person to confirm them, and
    have no ARN that anybody could use until then."""

    def subscribe(self, context, topic_arn, protocol, endpoint=None, attributes=None, return_subscription_arn=None, **kwargs):
        response = super().subscribe(context, topic_arn, protocol, endpoint, attributes, return_subscription_arn, **kwargs)
        if protocol in _EMAIL and not return_subscription_arn and self._pending(response["SubscriptionArn"]):
            response["SubscriptionArn"] = "pending confirmation"
        return response

    def list_subscriptions_by_topic(self, context, topic_arn, next_token=None, **kwargs):
        response = super().list_subscriptions_by_topic(context, topic_arn, next_token, **kwargs)
        for subscription in response["Subscriptions"]:
            if self._pending(subscription["SubscriptionArn"]):
                subscription["SubscriptionArn"] = "PendingConfirmation"
        return response

    @staticmethod
    def _pending(arn: str) -> bool:
        if arn.count(":") < 6:
            return False
        _, _, _, region, account, *_ = arn.split(":")
        subscription = sns_stores[account][region].subscriptions.get(arn) or {}
        return subscription.get("PendingConfirmation") == "true"
