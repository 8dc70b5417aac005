"""LocalStack's own CloudWatch, where it forgives more than AWS does."""

from datetime import UTC, datetime, timedelta

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.cloudwatch import DashboardNotFoundError, ResourceNotFound, ResourceNotFoundException
from localstack.services.cloudwatch import alarm_scheduler
from localstack.services.cloudwatch.models import cloudwatch_stores
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider

MAX_PAGE = 100
HOUR, DAY, WEEK = 3600, 86400, 604800

# What a change of an alarm leaves as it is.
_STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")


class StrictCloudwatch(CloudwatchProvider):
    """CloudWatch that knows what there is not, keeps an alarm's state over a
    change and its tags no longer than the alarm, and lists in pages."""

    def put_metric_alarm(self, context: RequestContext, request):
        _check_span(request.get("Period") or 0, request.get("EvaluationPeriods") or 1)
        store = self.get_store(context.account_id, context.region)
        arn = f"arn:{context.partition}:cloudwatch:{context.region}:{context.account_id}:alarm:{request['AlarmName']}"
        before = store.alarms.get(arn)
        super().put_metric_alarm(context, {k: v for k, v in request.items() if k != "Tags"})
        if before is not None:
            # AWS also ignores the tags of a call that changes an alarm.
            store.alarms[arn].alarm.update({k: before.alarm[k] for k in _STATE if k in before.alarm})
        elif request.get("Tags"):
            self.tag_resource(context, arn, request["Tags"])

    def delete_alarms(self, context: RequestContext, alarm_names, **kwargs):
        store = self.get_store(context.account_id, context.region)
        arns = {a.alarm["AlarmName"]: arn for arn, a in store.alarms.items()}
        missing = [name for name in alarm_names if name not in arns]
        if missing:
            raise ResourceNotFound(f"The following alarms do not exist: {', '.join(missing)}")
        super().delete_alarms(context, alarm_names, **kwargs)
        for name in alarm_names:
            store.TAGS.tags.pop(arns[name], None)

    def describe_alarms(self, context: RequestContext, alarm_types=None, max_records=None, next_token=None, **kwargs):
        found = super().describe_alarms(context, **kwargs)
        wanted = alarm_types or ["MetricAlarm"]
        alarms = [a for kind in ("CompositeAlarm", "MetricAlarm") if kind in wanted for a in found[kind + "s"]]
        alarms = sorted((a for a in alarms if a["AlarmName"] > (next_token or "")), key=lambda a: a["AlarmName"])
        size = min(max_records or MAX_PAGE, MAX_PAGE)
        page = alarms[:size]
        response = {
            "CompositeAlarms": [a for a in page if a.get("AlarmRule") is not None],
            "MetricAlarms": [a for a in page if a.get("AlarmRule") is None],
        }
        if len(alarms) > size:
            response["NextToken"] = page[-1]["AlarmName"]
        return response

    def list_tags_for_resource(self, context: RequestContext, resource_arn, **kwargs):
        self._check_exists(context, resource_arn)
        return super().list_tags_for_resource(context, resource_arn, **kwargs)

    def tag_resource(self, context: RequestContext, resource_arn, tags, **kwargs):
        self._check_exists(context, resource_arn)
        return super().tag_resource(context, resource_arn, tags, **kwargs)

    def untag_resource(self, context: RequestContext, resource_arn, tag_keys, **kwargs):
        self._check_exists(context, resource_arn)
        return super().untag_resource(context, resource_arn, tag_keys, **kwargs)

    def get_dashboard(self, context: RequestContext, dashboard_name, **kwargs):
        self._check_dashboards(context, [dashboard_name])
        return super().get_dashboard(context, dashboard_name, **kwargs)

    def delete_dashboards(self, context: RequestContext, dashboard_names, **kwargs):
        self._check_dashboards(context, dashboard_names)
        return super().delete_dashboards(context, dashboard_names, **kwargs)

    def _check_exists(self, context: RequestContext, arn: str):
        if ":alarm:" in arn and arn not in self.get_store(context.account_id, context.region).alarms:
            raise ResourceNotFoundException(f"The resource {arn} does not exist.")

    def _check_dashboards(self, context: RequestContext, names: list[str]):
        missing = [name for name in names if name not in self.get_store(context.account_id, context.region).dashboards]
        if missing:
            raise DashboardNotFoundError(f"Dashboard {', '.join(missing)} does not exist")


def evaluate(account: str, region: str):
    """Evaluates all alarms at once, which otherwise happens once a period."""
    for arn in list(cloudwatch_stores[account][region].alarms):
        alarm_scheduler.calculate_alarm_state(arn)


def _collect(alarm: dict, client) -> list[float | None]:
    """An alarm's newest values, oldest first, and some more than it asks for.
    The additional ones stand in for missing ones only, while LocalStack's own
    lets them decide too. It also leaves out the second that has just begun."""
    end, period = datetime.now(UTC) + timedelta(seconds=1), timedelta(seconds=alarm["Period"])
    query, values = alarm_scheduler.generate_metric_query(alarm), []
    for _ in range(alarm["EvaluationPeriods"] + max(alarm["EvaluationPeriods"] // 3, 2)):
        found = client.get_metric_data(MetricDataQueries=[query], StartTime=end - period, EndTime=end)["MetricDataResults"][0]["Values"]
        values.insert(0, found[0] if found else None)
        end -= period
    existing = [value for value in values if value is not None]
    return existing[-alarm["EvaluationPeriods"] :] if len(existing) >= alarm["EvaluationPeriods"] else values


alarm_scheduler.collect_metric_data = _collect


def _check_span(period: int, periods: int):
    limit = WEEK if period >= HOUR else DAY
    if period * periods > limit:
        raise CommonServiceException(
            "ValidationError", f"Metrics cannot be checked across more than {limit} seconds (EvaluationPeriods * Period)", status_code=400, sender_fault=True
        )
