resource "fargatedirect_certbot" "prod" {
  name           = "prod"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"

  certificates = {
    browser = { domains = ["*.browser.example.com"], secrets_manager = true }
  }
}

# ECS reads the secret with this role; the containers never have it.
resource "aws_iam_role_policy" "certificate" {
  role   = aws_iam_role.execution.name
  policy = fargatedirect_certbot.prod.execution_policy_json["browser"]
}

resource "aws_ecs_task_definition" "browser" {
  family                   = "browser"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  # There is no task_role_arn: code in the containers may do nothing in AWS.

  container_definitions = jsonencode([{
    name         = "browser"
    image        = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/browser:1"
    essential    = true
    portMappings = [{ containerPort = 443 }]
    # One variable with the whole object, so that key and certificate belong
    # together even if a renewal comes at this moment.
    secrets = [{ name = "TLS", valueFrom = fargatedirect_certbot.prod.secret_arns["browser"] }]
  }])

  # Tasks may start once the secret can be read.
  depends_on = [aws_iam_role_policy.certificate]
}
