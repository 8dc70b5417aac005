resource "fargatedirect_task_dns" "prod" {
  name           = "prod"
  domain         = "browser.example.com"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  cluster_arns   = ["arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"]
}

# Everything there is: a zone in another account, names that tell the service,
# a bus and a topic of one's own.
resource "fargatedirect_task_dns" "games" {
  name           = "games"
  domain         = "games.example.org"
  hosted_zone_id = "Z9876543210ABCDEFGHIJ"
  hosted_zone_role = {
    arn         = "arn:aws:iam::210987654321:role/names-of-tasks"
    external_id = "games"
  }
  cluster_arns = [
    "arn:aws:ecs:eu-west-2:123456789012:cluster/games",
    "arn:aws:ecs:eu-west-2:123456789012:cluster/lobbies",
  ]
  hostname_template  = "{service}-{short_id}"
  publish_on         = "attached"
  ttl                = 30
  reconcile_interval = "10m"
  on_conflict        = "take_over"
  route53_limits = {
    requests_per_second = 5
    request_burst       = 25
  }
  event_bus_arn   = "arn:aws:events:eu-west-2:123456789012:event-bus/games"
  alarm_topic_arn = "arn:aws:sns:eu-west-2:123456789012:ops"
  dashboard       = true
}
