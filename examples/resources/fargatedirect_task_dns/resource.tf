resource "fargatedirect_task_dns" "prod" {
  name           = "prod"
  domain         = "browser.example.com"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  cluster_arns   = ["arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"]
}
