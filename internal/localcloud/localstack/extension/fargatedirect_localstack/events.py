"""LocalStack's own EventBridge, where it forgives more than AWS does."""

from localstack.services.events.provider import EventsProvider


class StrictEvents(EventsProvider):
    """EventBridge whose disabled rules do nothing, and whose schedules can be
    made to come."""

    def fire(self, account: str, region: str, name: str):
        """Does what a scheduled rule of the default bus does when its time has come."""
        rule = self.get_rule_service(region, account, name, "default").rule
        self._get_scheduled_rule_job_function(account, region, rule)()

    def _get_scheduled_rule_job_function(self, account_id, region, rule):
        run = super()._get_scheduled_rule_job_function(account_id, region, rule)
        return lambda *args, **kwargs: None if rule.state == "DISABLED" else run()

    def _process_rules(self, rule, *args):
        if rule.state != "DISABLED":
            super()._process_rules(rule, *args)
