# A server that knows nothing of TLS, and whose code may do nothing in AWS:
# there is no task role. ECS reads the certificate from Secrets Manager with the
# execution role, whose credentials no container gets, and gives it to the proxy
# alone. Renewals come with the next task; before the certificate expires the
# proxy's health check fails, and the service replaces the task.
#
# Network and security group are as in ../s3.

terraform {
  required_version = ">= 1.8"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    fargatedirect = {
      source = "fargatedirect/fargatedirect"
    }
  }
}

variable "region" {
  description = "Region of the cluster, and of everything else here."
  type        = string
}

variable "hosted_zone_id" {
  description = "Hosted zone of browser.example.com, or above it."
  type        = string
}

variable "cluster_arn" {
  description = "Cluster in which the tasks run."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that let port 443 in, and HTTPS out."
  type        = list(string)
}

variable "app_image" {
  description = "Image of the server for ARM64, which listens for HTTP on 127.0.0.1:8080 and has curl for its health check."
  type        = string
}

provider "aws" {
  region = var.region
}

provider "fargatedirect" {
  region = var.region
}

resource "fargatedirect_task_dns" "browser" {
  name           = "browser"
  domain         = "browser.example.com"
  hosted_zone_id = var.hosted_zone_id
  cluster_arns   = [var.cluster_arn]
}

resource "fargatedirect_certbot" "browser" {
  name           = "browser"
  hosted_zone_id = var.hosted_zone_id

  certificates = {
    browser = {
      domains         = [fargatedirect_task_dns.browser.wildcard_domain]
      secrets_manager = true
    }
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "browser-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "certificate" {
  name   = "certificate"
  role   = aws_iam_role.execution.name
  policy = fargatedirect_certbot.browser.execution_policy_json["browser"]
}

resource "aws_cloudwatch_log_group" "browser" {
  name              = "/ecs/browser"
  retention_in_days = 30
}

locals {
  log_configuration = {
    logDriver = "awslogs"
    options = {
      "awslogs-group"         = aws_cloudwatch_log_group.browser.name
      "awslogs-region"        = var.region
      "awslogs-stream-prefix" = "task"
    }
  }
}

resource "aws_ecs_task_definition" "browser" {
  family                   = "browser"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = var.app_image
      essential        = true
      logConfiguration = local.log_configuration
      # No port is mapped: clients come by the proxy. Deployments wait for it to
      # be healthy, and so does the proxy.
      healthCheck = { command = ["CMD-SHELL", "curl -fsS http://127.0.0.1:8080/ || exit 1"], interval = 5, startPeriod = 60 }
    },
    provider::fargatedirect::proxy_container({
      backend_port      = 8080
      backend_container = "app"
      backend_condition = "HEALTHY"
      secret_arn        = fargatedirect_certbot.browser.secret_arns["browser"]
      domain            = fargatedirect_task_dns.browser.domain
      log_configuration = local.log_configuration
    }),
  ])
}

# It fails while there is no certificate, so that no task starts without one.
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.browser.name
  key     = "browser"
}

resource "aws_ecs_service" "browser" {
  name            = "browser"
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.browser.arn
  launch_type     = "FARGATE"
  desired_count   = 2

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = true
  }

  # Tasks without a certificate, or the right to read it, do not start.
  depends_on = [
    data.fargatedirect_certificate.browser,
    aws_iam_role_policy.certificate,
    aws_iam_role_policy_attachment.execution,
  ]
}
