"""Small differences between LocalStack's services and AWS's."""

from localstack.aws.api.cloudwatch import DashboardNotFoundError
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
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


class StrictCloudwatch(CloudwatchProvider):
    """CloudWatch that keeps the tags with which an alarm is made, and has AWS's
    answer for dashboards that do not exist."""

    def put_metric_alarm(self, context, request):
        store = self.get_store(context.account_id, context.region)
        arn = f"arn:{context.partition}:cloudwatch:{context.region}:{context.account_id}:alarm:{request['AlarmName']}"
        new = arn not in store.alarms
        super().put_metric_alarm(context, {k: v for k, v in request.items() if k != "Tags"})
        # AWS ignores the tags of a call that changes an alarm.
        if new and request.get("Tags"):
            self.tag_resource(context, arn, request["Tags"])

    def get_dashboard(self, context, dashboard_name, **kwargs):
        self._must_exist(context, [dashboard_name])
        return super().get_dashboard(context, dashboard_name, **kwargs)

    def delete_dashboards(self, context, dashboard_names, **kwargs):
        self._must_exist(context, dashboard_names)
        return super().delete_dashboards(context, dashboard_names, **kwargs)

    def _must_exist(self, context, names):
        dashboards = self.get_store(context.account_id, context.region).dashboards
        for name in names:
            if name not in dashboards:
                raise DashboardNotFoundError(f"Dashboard {name} does not exist")
