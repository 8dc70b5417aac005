# A server that listens for HTTP on port 8080, and the proxy that terminates TLS for
# it. The role of the task has reader_policy_json.
resource "aws_ecs_task_definition" "browser" {
  family                   = "browser"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([
    {
      name        = "app"
      image       = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/app:1"
      essential   = true
      healthCheck = { command = ["CMD-SHELL", "curl -fsS http://127.0.0.1:8080/ || exit 1"], interval = 5, startPeriod = 60 }
    },
    provider::fargatedirect::proxy_container({
      backend_port      = 8080
      backend_container = "app"
      backend_condition = "HEALTHY"
      bucket            = fargatedirect_certbot.browser.bucket_name
      prefix            = "browser/"
      domain            = fargatedirect_task_dns.browser.domain
    }),
  ])
}
