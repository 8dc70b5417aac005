resource "fargatedirect_zone" "browser" {
  name           = "browser.example.com"
  parent_zone_id = "Z0123456789ABCDEFGHIJ"
}

# The zone's id feeds the other resources, all in one apply.
resource "fargatedirect_task_dns" "browser" {
  name           = "browser"
  domain         = fargatedirect_zone.browser.name
  hosted_zone_id = fargatedirect_zone.browser.zone_id
  cluster_arns   = ["arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"]
}
